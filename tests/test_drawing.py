"""Figures are drawn once of the same inputs, and several at once."""

import os
import types
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from hemline.report import drawing, figures, plots
from hemline.report.figures import ReportFigure

COUNTS = np.array([[8, 2], [1, 9]])


def figure(counts=COUNTS, classes=("cat", "dog")):
    return ReportFigure(partial(plots.confusion_figure, counts, list(classes)), "A matrix.")


@pytest.fixture
def drawn_now(monkeypatch):
    """Count the figures that are drawn rather than taken from the folder."""
    counted = []
    usual = drawing._draw
    monkeypatch.setattr(drawing, "_draw", lambda some: counted.extend(some) or usual(some))
    return counted


def test_a_figure_has_the_same_bytes_alone_beside_others_and_from_the_folder(tmp_path):
    shown = {"a.png": figure(), "b.png": figure(COUNTS.T)}
    alone = {name: each.png() for name, each in shown.items()}
    assert drawing.draw(shown) == alone
    assert drawing.draw(shown, tmp_path / "drawn") == alone
    assert drawing.draw(shown, tmp_path / "drawn") == alone
    assert alone["a.png"] != alone["b.png"]


def test_only_what_changed_is_drawn(tmp_path, drawn_now):
    drawing.draw({"a.png": figure(), "b.png": figure(COUNTS.T)}, tmp_path)
    drawn_now.clear()
    edited = {"a.png": figure(), "b.png": figure(COUNTS + 1)}
    assert list(drawing.draw(edited, tmp_path)) == ["a.png", "b.png"]
    assert drawn_now == [edited["b.png"]]


@pytest.mark.parametrize("module", drawing.MODULES, ids=lambda module: module.__name__)
def test_other_code_draws_anew(tmp_path, drawn_now, monkeypatch, module):
    drawing.draw({"a.png": figure()}, tmp_path / "drawn")
    edited = tmp_path / "edited.py"
    edited.write_text(Path(module.__file__).read_text() + "\n# another line\n")
    monkeypatch.setattr(module, "__file__", str(edited))
    drawing.draw({"a.png": figure()}, tmp_path / "drawn")
    assert len(drawn_now) == 2


@pytest.mark.parametrize("library", drawing.LIBRARIES)
def test_another_version_of_a_library_draws_anew(tmp_path, drawn_now, monkeypatch, library):
    drawing.draw({"a.png": figure()}, tmp_path)
    usual = drawing.importlib.metadata.version
    versions = lambda name: "99" if name == library else usual(name)  # noqa: E731
    monkeypatch.setattr(drawing.importlib.metadata, "version", versions)
    drawing.draw({"a.png": figure()}, tmp_path)
    assert len(drawn_now) == 2


def test_the_code_that_counts_is_all_that_the_plots_use():
    used = {
        getattr(value, "__module__", None) or getattr(value, "__name__", "")
        for module in (plots, figures)
        for value in vars(module).values()
        if isinstance(value, types.ModuleType | types.FunctionType)
    }
    ours = {name for name in used if name.startswith("hemline")}
    # Scaled pixels are inputs of a figure.
    assert ours - {"hemline.data.scaling"} == {module.__name__ for module in drawing.MODULES}


@pytest.mark.parametrize("size", [0, 20, 1000, -20])
def test_a_truncated_one_is_drawn_again_and_mended(tmp_path, drawn_now, size):
    expected = drawing.draw({"a.png": figure()}, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:size])
    assert drawing.draw({"a.png": figure()}, tmp_path) == expected
    assert kept.read_bytes() == expected["a.png"]
    assert len(drawn_now) == 2


def test_those_not_asked_for_the_longest_time_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "_KEPT", 2)
    for age, counts in enumerate((COUNTS, COUNTS + 1)):
        drawing.draw({"a.png": figure(counts)}, tmp_path)
        for path in tmp_path.iterdir():
            os.utime(path, (age, age))
    drawing.draw({"a.png": figure(COUNTS)}, tmp_path)
    (tmp_path / "left-by-a-killed-one.draft").write_bytes(b"")
    os.utime(tmp_path / "left-by-a-killed-one.draft", (0, 0))
    drawing.draw({"a.png": figure(COUNTS + 2)}, tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == {
        drawing._digest(figure(COUNTS)),
        drawing._digest(figure(COUNTS + 2)),
    }


def _figure_of_this_process(folder):
    (folder / str(os.getpid())).touch()
    return Figure()


def test_several_are_drawn_in_as_many_processes_as_there_are_cores(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing.joblib, "cpu_count", lambda: 2)
    drawing.draw({name: ReportFigure(partial(_figure_of_this_process, tmp_path), name) for name in "abcd"})
    processes = {int(path.name) for path in tmp_path.iterdir()}
    assert processes
    assert os.getpid() not in processes
