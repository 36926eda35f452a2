"""DVC's charts in a real browser without network: nothing is asked for outside the page's own folder."""

import shutil

import pytest

from hemline.experiments.charts import template

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def test_the_template_has_dvc_s_places_once_and_its_library_inside():
    text = template()
    assert text.count("{plot_divs}") == text.count("{refresh_tag}") == 1
    assert "{scripts}" not in text
    assert "window.vegaEmbed" in text
    # Inside it, this would end the script.
    assert text.count("</script>") == 1


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium: no such command")
def test_the_charts_are_drawn_and_nothing_is_fetched(pipeline):
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - where the browser is missing, it may be as well

    pipeline.commit("The same again")
    page_file = pipeline.folder / "dvc_plots/index.html"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        for revisions in ([], ["HEAD", "HEAD^"]):
            assert page_file.as_uri() in pipeline.run("python", "-m", "hemline", "plots", *revisions).stdout
            requests, errors, page = [], [], browser.new_page()
            page.on("request", lambda request, requests=requests: requests.append(request.url))
            page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
            page.goto(page_file.as_uri())
            page.locator("text=Validation accuracy").first.wait_for()
            page.locator("div.vega-embed svg.marks, div.vega-embed canvas.marks").nth(5).wait_for()
            assert [url for url in requests if not url.startswith(page_file.parent.as_uri())] == []
            assert any(url.endswith(".png") for url in requests)
            assert errors == []
        browser.close()
    assert not pipeline.run("git", "status", "--porcelain").stdout
