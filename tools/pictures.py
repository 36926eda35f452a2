"""Redraw the pictures of README.md and docs/: the page and MLflow's UI in a browser, and a terminal.

Reads:  the results of the workspace, and the MLflow store; best those of `make` in a fresh clone
Writes: docs/page.png, docs/mlflow-*.png, docs/terminal.svg; an experiment with more epochs, and its MLflow runs;
        docs/sizes.png if the workspace has the figure of `make sizes`
Run:    python -m tools.pictures
"""

import io
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from PIL import Image

from hemline.comparison.evaluated import Evaluated
from hemline.errors import InputError, one_line_errors
from hemline.params import Params, load_params
from hemline.processes.ports import free_port
from hemline.terminal.arguments import parser
from tools.recording import lines, record, svg, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DOCS, PAGE, _SIZES = Path("docs"), Path("reports/index.html"), Path("reports/sizes.png")
EPOCHS = 20
_HALF = 0.5
_LINES = 24  # of the terminal
_SEEDS = 3  # of each number of epochs, side by side
_COLOURS = 128  # enough for a page, and a third of the bytes
_PATIENCE = 300_000  # milliseconds: no expectation, only an end to waiting
_STILL, _LOOKS = 2.0, 60  # seconds in which nothing changes; and at most so many times
_SWITCHES = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_LINK = "Runs and their curves: "
# What the UI keeps once somebody has closed the panel that it opens at the first visit.
_VISITED = "localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true')"


def main() -> None:
    """Train, look, draw."""
    with one_line_errors():
        params = load_params()
        if not (Evaluated().exists() and PAGE.exists()):
            raise InputError("reports: has no results to be drawn; run `make` first")
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if chromium is None:
            raise InputError("chromium: no such command; install it, as by `apt-get install chromium`")
        _draw_terminal(params)
        if _SIZES.exists():
            _write("sizes.png", _SIZES.read_bytes())
        with _ui() as link, _browser(chromium) as browser:
            _draw_page(browser)
            _draw_runs(browser, link)
            _draw_compared(browser, link, params)


def _draw_terminal(params: Params) -> None:
    """Run an experiment, and draw the terminal at the moment when half of the last variant was trained."""
    change = f"epochs={EPOCHS}"
    print(f"{DOCS / 'terminal.svg'}: shows a run with {change}, which takes some minutes", flush=True)
    shown = record(["dvc", "exp", "run", "--temp", "-S", change])
    last = len(params.variants)
    half = until(shown, rf"\({last} of {last}\).* ([\d,]+) of ([\d,]+) epochs", _HALF)
    if half is None:  # this command has been run before: there was nothing to wait for
        print(f"{DOCS / 'terminal.svg'}: left as it is; these trainings came from DVC's cache", flush=True)
    else:
        _write("terminal.svg", svg(f"dvc exp run --temp -S {change}", lines(half)[-_LINES:]).encode())


def _draw_page(browser: "Browser") -> None:
    page = _opened(browser, PAGE.resolve().as_uri(), width=1280)
    page.get_by_role("heading").first.wait_for()
    _take("page.png", page)


def _draw_runs(browser: "Browser", link: str) -> None:
    """Draw what the link shows, the runs and their curves, and the same as a table."""
    page = _opened(browser, link)
    page.locator(".scatterlayer path.js-line").first.wait_for(state="attached")
    _take("mlflow-runs.png", page)
    page = _opened(browser, link.replace("compareRunsMode=CHART", "compareRunsMode=TABLE"))
    page.get_by_role("columnheader", name="test_accuracy", exact=True).first.wait_for()
    _take("mlflow-table.png", page)


def _draw_compared(browser: "Browser", link: str, params: Params) -> None:
    """Draw runs of few and of many epochs side by side."""
    chosen, experiment = _runs(params)
    listed = ",".join(f'"{run}"' for run in chosen)
    address = f"{link.partition('#')[0]}#/compare-runs?runs=[{quote(listed)}]&experiments=[{quote(experiment)}]"
    page = _opened(browser, f"{address}&workflowType=machine_learning")
    page.get_by_text("Run details").first.evaluate("each => each.scrollIntoView()")  # the parameters are below it
    _take("mlflow-compare.png", page)


def _runs(params: Params) -> tuple[list[str], str]:
    """Return the ids of runs of one variant, of both numbers of epochs, and that of their experiment in quotes."""
    from hemline.tracking import store  # noqa: PLC0415 - MLflow, whose server takes longer to start

    variant = next((name for name in params.variants if name != params.baseline), params.baseline)
    opened = store.open_store(params.dataset)
    chosen: list[str] = []
    for epochs in (EPOCHS, params.epochs_of(variant)):
        condition = f"params.variant = '{variant}' and params.epochs = '{epochs}' and attributes.status = 'FINISHED'"
        chosen += [run.info.run_id for run in store.search(opened, condition)[:_SEEDS]]
    return chosen, f'"{opened.experiment_id}"'


@contextmanager
def _ui() -> Iterator[str]:
    """Serve MLflow's UI as `make ui` does, and yield the link that it prints."""
    command = [sys.executable, "-u", "-m", "hemline", "ui", "--port", str(free_port(None, 0))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None  # noqa: S101 - it is a pipe
            link = next((line for line in server.stdout if line.startswith(_LINK)), None)
            if link is None:
                raise InputError("make ui: serves nothing here; run it to see why, without MLFLOW_TRACKING_URI")
            yield link.removeprefix(_LINK).strip()
        finally:
            server.send_signal(signal.SIGINT)


@contextmanager
def _browser(chromium: str) -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - takes half a second

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_SWITCHES))
        yield browser
        browser.close()


def _opened(browser: "Browser", address: str, width: int = 1600) -> "Page":
    page = browser.new_page(viewport={"width": width, "height": 1000})
    page.set_default_timeout(_PATIENCE)
    page.add_init_script(_VISITED)
    page.goto(address)
    return page


def _take(name: str, page: "Page") -> None:
    """Write what a page shows, once it stands still; the network never does, for the UI keeps asking its server."""
    shot, before = page.screenshot(), b""
    for _ in range(_LOOKS):
        if shot == before:
            break
        time.sleep(_STILL)
        shot, before = page.screenshot(), shot
    picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    content = io.BytesIO()
    picture.save(content, "PNG", optimize=True)
    _write(name, content.getvalue())
    page.close()


def _write(name: str, content: bytes) -> None:
    (DOCS / name).write_bytes(content)
    print(f"{DOCS / name}: {len(content) / 1000:,.0f} kB", flush=True)


if __name__ == "__main__":
    parser(__doc__, "python -m tools.pictures").parse_args()
    main()
