"""The README's table and figure are the report's, made from the results and never typed."""

import re
import runpy
from pathlib import Path

import pytest
from report_data import Inputs, write_inputs

from hemline.params import load_params
from hemline.report.page import render
from hemline.report.results import load_results

BEFORE, AFTER = "# A project\n\n", "\n\nMore of it.\n"
README = f"{BEFORE}<!-- summary:begin -->\n\nold\n\n<!-- summary:end -->{AFTER}"


@pytest.fixture(autouse=True)
def _workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["readme"])
    write_inputs(Path(), Inputs())
    Path("README.md").write_text(README)
    Path("docs").mkdir()
    for name in ("GETTING-STARTED", "README"):
        Path(f"docs/{name}.md").write_text(README)


def write():
    runpy.run_module("tools.readme", run_name="__main__")


def test_verdict_table_and_figure_are_those_of_the_report(capsys):
    write()
    files = render(load_results(load_params()))
    summary = files["summary.md"].decode()
    text = Path("README.md").read_text()
    assert text.startswith(BEFORE)
    assert text.endswith(AFTER)
    (verdict,) = re.findall(r"^\*\*.+\*\*$", text, re.MULTILINE)
    assert verdict in summary
    table = re.findall(r"^\|.*$", text, re.MULTILINE)
    assert len(table) == 2 + 3
    assert table == re.findall(r"^\|.*$", summary, re.MULTILINE)
    assert Path("docs/gain.png").read_bytes() == files["figures/gain.png"]
    walk_through = Path("docs/GETTING-STARTED.md").read_text()
    assert re.findall(r"^\|.*$", walk_through, re.MULTILINE) == table
    written = ("README.md", "docs/README.md", "docs/GETTING-STARTED.md")
    assert capsys.readouterr().out == "".join(f"{name}: rewritten\n" for name in written)


def test_the_picture_is_described_and_the_settings_are_told_as_they_are():
    write()
    params, results = load_params(), load_results(load_params())
    image = (
        f"![Gain of each variant over the baseline {params.baseline} on {results.source.title}, with 95 % intervals]"
    )
    told = Path("README.md").read_text()
    assert f"{image}(docs/gain.png)" in told
    assert f"{image}(gain.png)" in Path("docs/README.md").read_text()
    assert "\n\nTiny shapes, 2 seeds, 3 epochs.\n\n<!-- summary:end -->" in told


def test_without_results_nothing_is_written():
    Path("reports/evaluation/comparison.csv").unlink()
    with pytest.raises(SystemExit, match=r"^error: reports/evaluation/comparison.csv: no such file; run `dvc repro"):
        write()
    assert Path("README.md").read_text() == README
    assert not Path("docs/gain.png").exists()


def test_a_baseline_alone_has_nothing_to_tell():
    write_inputs(Path(), Inputs(verdicts={}))
    with pytest.raises(SystemExit, match=r"^error: variants: must be at least one beside the baseline"):
        write()
    assert Path("README.md").read_text() == README
