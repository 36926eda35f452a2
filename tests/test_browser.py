"""What people see: the MLflow UI and the report, in a real browser, filled by the pipeline's own code."""

import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import report_data
import servers_for_tests as servers
import test_claims_page
import workspace_for_tests as workspace
from PIL import Image

from hemline.__main__ import main as hemline
from hemline.params import load_params
from hemline.report.page import render, write
from hemline.report.results import load_results
from hemline.tracking import store
from hemline.tracking.publish import publish

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PATIENCE = 60_000  # milliseconds; no expectation, only an end to waiting
COLUMNS = ("variant", "hidden", "epochs", "seed", "test_accuracy", "test_loss", "gain")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium: no such command"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Build a workspace of six trainings, the best of them promoted, and its report."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        # Not a copy of a promoted one: MLflow remembers in a process where the artifacts of a run were.
        built = workspace.build(tmp_path_factory.mktemp("browser") / "workspace", monkeypatch)
        hemline(["promote"])
        write(render(load_results(load_params())), Path("reports"))
        publish(list(load_params().variants))
        yield built


@pytest.fixture(scope="module")
def ui(folder):
    """Serve the UI as `make ui` does, and return the link that it prints."""
    with servers.serving("ui", folder, "/health") as (_, _, log):
        yield servers.first_link(log)


@pytest.fixture(scope="module")
def browser():
    # Not at the top: where the browser is missing, its client may be as well.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield launched
        launched.close()


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 2000, "height": 1200})
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


def runs():
    opened = store.open_store("tiny")
    return {run.data.tags["mlflow.runName"]: run for run in store.search(opened, "")}


def table(link):
    return link.replace("compareRunsMode=CHART", "compareRunsMode=TABLE")


def test_the_printed_link_opens_the_runs_with_their_curves(ui, page):
    page.goto(ui)
    for name in runs():
        page.get_by_role("link", name=name, exact=True).first.wait_for()
    for metric in ("accuracy", "loss", "val_accuracy", "val_loss"):
        page.get_by_text(metric, exact=True).first.wait_for()
    for model in ("three e3 b8", "two e3 b8", "linear e3 b8"):  # a curve for the seeds of each
        page.get_by_text(f"{model} (accuracy)", exact=True).first.wait_for()
    # A curve is a path of several points; a bar chart has none.
    page.locator(".scatterlayer path.js-line").first.wait_for(state="attached")


def test_the_table_has_the_columns_that_people_compare_and_the_best_run_first(ui, page):
    page.goto(table(ui))
    page.get_by_role("columnheader", name="test_accuracy", exact=True).first.wait_for()
    shown = page.get_by_role("columnheader").all_inner_texts()
    assert set(COLUMNS) <= {text.strip() for text in shown}
    page.get_by_role("gridcell").get_by_text("three", exact=True).first.wait_for()
    first = page.locator('.ag-center-cols-container [row-index="0"]')
    assert "1" in first.locator('[col-id*="test_accuracy"]').inner_text()


def test_six_runs_compared_show_their_parameters_and_accuracies(ui, page):
    known = runs()
    assert len(known) == 6
    page.goto(table(ui))
    page.get_by_role("link", name="three e3 b8 s1", exact=True).first.wait_for()
    page.get_by_role("columnheader").get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_text("Comparing 6 Runs").first.wait_for()
    page.get_by_text("test_accuracy", exact=True).first.wait_for()
    text = page.locator("body").inner_text()
    for name in known:
        assert name in text
    for value in ("variant", "hidden", "epochs", "seed", "linear", "two", "three", "model", "0.667", "0.333"):
        assert value in text


def test_the_page_of_a_run_has_its_confusion_matrix_and_its_model(ui, page):
    run = runs()["three e3 b8 s1"]
    base = ui.partition("#")[0]
    page.goto(f"{base}#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}")
    page.get_by_text("three e3 b8 s1").first.wait_for()
    page.get_by_text("test_accuracy", exact=True).first.wait_for()
    page.get_by_role("link", name=re.compile("^three")).first.wait_for()
    page.get_by_text("Artifacts", exact=True).click()
    page.get_by_text(re.compile(r"^confusion_matrix.*\.png$")).first.click()
    picture = page.locator("img[src^='blob:'], img[src*='confusion_matrix']").first
    picture.wait_for()
    page.wait_for_function("image => image.complete && image.naturalWidth > 100", arg=picture.element_handle())


def test_the_report_renders_without_network_with_no_error_and_no_request(folder, browser):
    context = browser.new_context(offline=True, viewport={"width": 1400, "height": 900})
    page = context.new_page()
    problems, requests = [], []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    address = (folder / "reports" / "index.html").as_uri()
    page.goto(address)
    page.get_by_role("heading").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert "Tiny" in page.locator("body").inner_text()
    broken = page.evaluate("[...document.images].filter(image => !(image.complete && image.naturalWidth)).length")
    assert page.locator("img").count() > 0
    assert broken == 0
    assert problems == []
    assert [url for url in requests if not url.startswith("data:")] == [address]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()


@pytest.mark.parametrize("shape", [(8, 8), (200, 40, 3)])
def test_a_report_with_hard_names_is_no_wider_than_the_window(tmp_path, browser, shape):
    names = ["w" * 60, "猫" * 60, "قطة " * 15, "👩" * 30, "of several words " * 4 + "x"]
    inputs = report_data.Inputs(
        classes=[*names, *(f"class {number}" for number in range(35))],
        shape=shape,
        test_images=80,
        verdicts={f"{'d' * 62}-{number}": "better" for number in range(3)},
    )
    report_data.write_inputs(tmp_path, inputs)
    write(render(load_results(load_params(tmp_path / "params.yaml"), tmp_path)), tmp_path / "reports")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((tmp_path / "reports" / "index.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.set_viewport_size({"width": 400, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    # Pictures are squares on the page, whatever they are of, and none is wider than its place.
    sizes = page.evaluate(
        "[...document.querySelectorAll('.pixels')].map(each => [each.clientWidth, each.clientHeight])"
    )
    assert sizes
    assert all(abs(wide - high) <= 1 and wide <= 200 for wide, high in sizes)
    # However long the name of the class beside them, there is room for the bars.
    page.evaluate("name => document.querySelector('.card.large bdi').textContent = name", names[0])
    bars = page.evaluate("[...document.querySelectorAll('.card.large .track')].map(each => each.clientWidth)")
    assert bars
    assert min(bars) > 50
    page.close()


THREE_VERDICTS = {"dense-8": "better", "dense-8x2": "no difference shown", "dense-4": "worse"}
TEN_CLASSES = [f"class {number}" for number in range(10)]
PAGES = ("index.html", "claims.html")  # that of a preview is made as the first is
SCHEMES = ("light", "dark")
PAPER = 680  # CSS pixels between the margins of a page of A4


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Write the two kinds of pages that there are, of made-up results."""
    folder = tmp_path_factory.mktemp("pages")
    inputs = report_data.Inputs(
        THREE_VERDICTS, TEN_CLASSES, shape=(8, 8, 3), imbalanced=True, duplicates=3, most_frequent_rate=0.9
    )
    report_data.write_inputs(folder, inputs)
    rendered = render(load_results(load_params(folder / "params.yaml"), folder))
    (folder / "index.html").write_bytes(rendered["index.html"])
    _, files = test_claims_page.pages(folder)
    (folder / "claims.html").write_bytes(files["claims.html"])
    return folder


@pytest.fixture
def look(reports, browser):
    """Open a page at a width, in a scheme of colours, with all that it folds away."""
    opened = []

    def open_page(name, width, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        opened.append(page)
        page.goto((reports / name).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        return page

    yield open_page
    for page in opened:
        page.close()


# On a phone, and on a large screen.
@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (1920, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_that_keeps_anybody_from_reading_a_page(look, name, width, scheme):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - as playwright

    found = Axe().run(look(name, width, scheme))
    assert found.response["passes"]
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [400, 1280, 2560])
@pytest.mark.parametrize("name", PAGES)
def test_the_way_through_a_page_stays_and_hides_no_heading(look, name, width):
    page = look(name, width)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert 0 <= page.get_by_role("navigation").bounding_box()["y"] < 100
    page.get_by_role("navigation").get_by_role("link", name="How it was made").click()
    assert page.url.endswith("#made")
    page.get_by_role("navigation").get_by_role("link", name="Overview" if "claims" in name else "Comparison").click()
    heading = page.locator("section:target h2").bounding_box()
    bar = page.get_by_role("navigation").bounding_box()
    beside = bar["x"] + bar["width"] <= heading["x"]
    assert heading["y"] >= (0 if beside else bar["y"] + bar["height"])
    assert heading["y"] < 450


@pytest.mark.parametrize("name", PAGES)
def test_whoever_reads_by_keyboard_may_skip_the_way_through_a_page(look, name):
    page = look(name, 1280)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the verdict")
    assert skip.evaluate("each => each === document.activeElement")
    box = skip.bounding_box()
    assert box["x"] >= 0
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("name", PAGES)
def test_no_figure_is_cut_off_on_a_screen(look, name):
    page = look(name, 1024)
    for width in (1024, 1100, 1200, 1280, 1440, 1503, 1504, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        cut = page.evaluate(
            "[...document.querySelectorAll('figure .scroll')].map(each => each.scrollWidth - each.clientWidth)"
        )
        assert cut
        assert max(cut) <= 0, width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def brightness(locator):
    """Return grey levels of what is seen of an element: the median, which is its background's, and both ends."""
    seen = np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("L"))
    return np.median(seen), seen.min(), seen.max()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_and_its_charts_are_dark_where_the_reader_wants_it(look, name):
    light, dark = (look(name, 1280, scheme) for scheme in SCHEMES)
    for part in ("h1", "img.drawn"):
        background, darkest, _ = brightness(light.locator(part).first)
        assert background > 240
        assert darkest < 60
        background, _, brightest = brightness(dark.locator(part).first)
        assert background < 40
        assert brightest > 200


@pytest.mark.parametrize("name", PAGES)
def test_on_paper_there_is_all_of_a_page_but_its_navigation_whatever_the_colours_on_the_screen(look, name):
    page = look(name, PAPER, "dark")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation").is_visible()
    assert not page.locator(".skip").is_visible()
    boxes = page.evaluate("[...document.querySelectorAll('table, img')].map(each => each.getBoundingClientRect())")
    assert [box for box in boxes if box["left"] < 0 or box["right"] > PAPER or not box["height"]] == []
    assert page.evaluate("[...document.querySelectorAll('table, img')].every(each => each.checkVisibility())")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for figure in page.locator("img.drawn").all()[:2]:
        assert figure.evaluate("each => getComputedStyle(each).filter") == "none"
    assert page.pdf().startswith(b"%PDF")


def test_the_list_of_sections_fits_the_window_and_gains_stand_before_verdicts(folder, page):
    page.goto((folder / "reports" / "index.html").as_uri())
    for width in (1280, 1024, 400):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.querySelector('nav').scrollWidth <= document.querySelector('nav').clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        gain, verdict = (
            page.locator("#comparison th").filter(has_text=text).first.bounding_box()["x"]
            for text in ("Gain", "Verdict")
        )
        assert gain < verdict
        assert gain < width
