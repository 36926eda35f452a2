import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sets_for_tests import write_sets

from benchmarks import first_run, large_set, readme, scale
from benchmarks.competitors import COMPETITORS
from hemline.data.description import load_dataset
from hemline.data.normalized import Labelled
from hemline.data.raw import read_raw
from hemline.download.sources import fetch
from hemline.errors import InputError

REPOSITORY = Path(__file__).parent.parent
PATIENCE = 300  # seconds; no expectation, only an end to waiting


def bench(folder, *options, module="benchmarks.training", first=REPOSITORY):
    """Run a benchmark in ``folder``; modules in ``first`` hide all others."""
    return subprocess.run(
        [sys.executable, "-m", module, *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{first}{os.pathsep}{REPOSITORY}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A folder with sets that can be told apart at a glance: class by brightness."""
    folder = tmp_path_factory.mktemp("workspace")
    generator = np.random.default_rng(0)
    sets = {}
    for name, n_images in (("train", 320), ("test", 100)):
        labels = generator.integers(0, 3, n_images)
        images = generator.random((n_images, 4, 4)) / 4 + labels[:, None, None] / 4
        sets[name] = Labelled(images.astype(np.float32), labels)
    write_sets(sets, ["dark", "grey", "bright"], 255, folder=folder / "data/normalized")
    return folder


@pytest.mark.slow
def test_the_quick_comparison_of_trainings_gives_every_competitor_its_figures_a_table_and_a_plot(workspace):
    names = ["hemline, seeds side by side", "keras fit", "MLPClassifier"]
    done = bench(workspace, "--quick", "--rows", "784-10", "--repeats", "2", "--competitors", *names)
    assert done.returncode == 0, done.stderr
    for name in ("784-10, batch size 32", "keras fit", "MLPClassifier"):
        assert name in done.stdout
    assert (workspace / "benchmarks/results/training.png").read_bytes().startswith(b"\x89PNG")
    written = json.loads((workspace / "benchmarks/results/training.json").read_text())
    assert set(written) == {"machine", "rows"}
    assert {"cores", "versions"} <= set(written["machine"])
    for row in written["rows"]:
        assert row["work"]["batch_size"] == 32
        for competitor in row["competitors"].values():
            assert len(competitor["seconds_per_training"]) == 2
            assert competitor["cpu_seconds_per_training"] > 0
            assert 0 <= competitor["accuracy"] <= 1
            assert competitor["ratio"]["min"] <= competitor["ratio"]["median"] <= competitor["ratio"]["max"]


def test_a_library_that_is_absent_is_skipped_with_a_message(workspace, tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('not here')\n")
    done = bench(
        workspace,
        "--quick",
        "--rows",
        "784-10",
        "--repeats",
        "1",
        "--competitors",
        "MLPClassifier",
        "pytorch",
        first=tmp_path,
    )
    assert "skipped: cannot be started: not here" in done.stdout


@pytest.mark.parametrize(
    ("module", "option"),
    [
        *(("benchmarks.training", option) for option in ("--repeats", "--epochs", "--batch-sizes")),
        *(("benchmarks.scale", option) for option in ("--images", "--shape", "--seeds", "--epochs", "--memory")),
    ],
)
def test_fewer_than_one_of_anything_is_refused(module, option, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [module, option, "0"])
    with pytest.raises(SystemExit) as end:
        importlib.import_module(module).main()
    assert end.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"error: argument {option}: must be at least 1, got 0")
    assert not list(tmp_path.iterdir())


def measured(medians, **changes):
    """Return a comparison of the README's row in which everybody has ``medians``, or else a ratio of 100."""
    competitors = {
        name: {
            "ratio": {"median": medians.get(name, 100), "min": medians.get(name, 100) - 1, "max": 101},
            "same_accuracy": True,
            "seconds_per_training": [1, 1, 1],
        }
        for name in COMPETITORS
    }
    row = {"work": {"row": "784-128-10", "batch_size": 32}, "competitors": competitors | changes}
    return {"machine": {"cores": 2, "architecture": "x86_64"}, "rows": [row]}


def test_the_readme_s_sentence_names_the_default_the_best_library_and_a_better_way_around_one():
    theirs = {"hemline, one seed": 1.9, "keras fit": 18, "keras fit, tuned": 7, "pytorch": 4.56}
    text = readme.sentence(measured(theirs))
    assert "**18.0 times** (17.0 to 101.0) faster than by `keras.Model.fit` on its defaults" in text
    assert "**4.6 times** (3.6 to 101.0) faster than by the best setting of any library (pytorch). In brackets" in text
    text = readme.sentence(measured(theirs | {"pytorch, a process per core": 2.9}))
    assert "any library (pytorch); against pytorch, a process per core, **2.9 times** (1.9 to 101.0). In" in text


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"skipped": "no module named torch"}, "pytorch: no module named torch; run `make bench` with it"),
        ({"same_accuracy": False, "seconds_per_training": [1, 1, 1]}, "pytorch: must reach the others' accuracy"),
        ({"same_accuracy": True, "seconds_per_training": [1, 1]}, "in 3 turns or more"),
    ],
)
def test_a_comparison_that_lacks_a_library_a_turn_or_an_accuracy_writes_no_sentence(result, message):
    with pytest.raises(InputError, match=message):
        readme.sentence(measured({}, pytorch=result))


def test_the_first_run_is_told_in_minutes_with_the_processor_and_what_ran_beside():
    cpuinfo = "processor\t: 0\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n\nprocessor\t: 1\nmodel\t\t: 9\n"
    name = first_run.processor(cpuinfo)
    times = first_run.Times(setup=60.2, download=0.3, pipeline=94.6)
    assert first_run.sentence(times, name, 2, load=0.2) == (
        "The first `make` took 2 min 35 s: 1 min to set up, 1 s to download, 1 min 35 s for the pipeline; "
        "measured on 2 cores of an AMD EPYC (family 26, model 2)."
    )
    assert first_run.sentence(times, name, 2, load=6.1).endswith("model 2), beside other work (a load of 6.1).")


def test_the_steps_of_a_first_run_are_those_of_make_in_a_clone_without_this_environment(tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(first_run, "_seconds", lambda _, *command: ran.append(command) or 1.0)
    folder = tmp_path / "clone"
    first_run.measure(folder)
    assert (folder / "Makefile").is_file()
    python = str(folder / ".venv/bin/python")
    assert ran == [("make", "setup"), (python, "-m", "dvc", "repro", "download"), ("make",)]


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 3)])
def test_a_made_set_is_what_its_description_says_whatever_the_size_of_the_blocks_it_is_written_in(
    shape, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(large_set, "_BLOCK_BYTES", 7 * 60)
    large_set.make("made", 300, shape)
    dataset = load_dataset("made")
    fetch(dataset)
    raw = read_raw(dataset)
    assert raw.train_images.shape == (300, *shape)
    assert raw.test_images.shape == (30, *shape)
    assert np.bincount(raw.train_labels).tolist() == [30] * 10
    # Noise alone would let the means of 30 images differ by 10 grey levels.
    means = np.stack([raw.train_images[raw.train_labels == number].mean(axis=0) for number in range(10)])
    assert means.std(axis=0).mean() > 15


def test_what_a_command_and_its_children_hold_is_measured_together(tmp_path):
    child = "import time; held = bytearray(60_000_000); time.sleep(1)"
    parent = f"import subprocess, sys; held = bytearray(60_000_000); subprocess.run([sys.executable, '-c', {child!r}])"
    took = scale.run([sys.executable, "-c", parent], tmp_path)
    assert took["peak_bytes"] > 120_000_000
    assert took["seconds"] > 1
    assert took["cpu_seconds"] > 0


def test_a_command_that_needs_more_memory_than_it_may_take_is_told(tmp_path):
    command = [sys.executable, "-c", "bytearray(300_000_000)"]
    scale.run(command, tmp_path)
    with pytest.raises(InputError, match="MemoryError"):
        scale.run(command, tmp_path, 200)
