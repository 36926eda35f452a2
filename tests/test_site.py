"""The documentation as a site, built as `make docs` builds it, and opened in a real browser without a server."""

import os
import re
import subprocess
import sys

import pytest
from docs_for_tests import PAGES
from pipelines_for_tests import REPOSITORY
from test_browser import CHROMIUM, PATIENCE, SWITCHES

DOCS = [page for page in PAGES if page.parent.name == "docs"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def visit(site):
    """Open a page of the site; return it, and the addresses that it asked for."""
    # Not at the top: where the browser is missing, its client may be as well.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)

        def opened(name):
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.set_default_timeout(PATIENCE)
            asked = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto((site / name).as_uri())
            page.wait_for_load_state("networkidle")
            return page, asked

        yield opened
        browser.close()


def html(page):
    return "index.html" if page.name == "README.md" else f"{page.stem}.html"


def test_the_site_has_every_page_and_names_nothing_of_another_host(site):
    for page in DOCS:
        text = (site / html(page)).read_text()
        loaded = re.findall(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="?([^" >]+)', text)
        assert loaded
        assert [address for address in loaded if re.match(r"(https?:)?//", address)] == []


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium: no such command")
def test_it_is_read_and_searched_without_a_server_and_without_a_request_that_leaves(visit):
    for page in DOCS:
        opened, asked = visit(html(page))
        title = page.read_text().splitlines()[0].removeprefix("# ")
        assert opened.locator("h1").inner_text().startswith(title)
        assert [address for address in asked if not address.startswith("file:")] == []
        broken = "images => images.filter(image => !image.naturalWidth).map(image => image.src)"
        assert opened.eval_on_selector_all("article img", broken) == []
        opened.close()
    opened, asked = visit("index.html")
    opened.locator("input.md-search__input").click()
    opened.keyboard.type("champion")
    found = opened.locator(".md-search-result__item")
    found.first.wait_for()
    assert "champion" in found.first.inner_text().lower()
    assert [address for address in asked if not address.startswith("file:")] == []
