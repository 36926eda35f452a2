"""Follows the recipes of docs/EXTENDING.md, by the page's own code, and sees that each does what the page says."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pipelines_for_tests import make_pipeline

from hemline.data.description import load_dataset
from hemline.data.raw import read_raw

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/EXTENDING.md").read_text()
RECIPES = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def files(title):
    """Return the files that a recipe promises to be all."""
    (line,) = re.findall(r"^Files: (.+)$", RECIPES[title], re.MULTILINE)
    return set(re.findall(r"`([^`]+)`", line))


def blocks(title, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", RECIPES[title], re.MULTILINE | re.DOTALL)


PATCHED = [title for title in RECIPES if blocks(title, "diff")]


def patch(title, folder, *options):
    done = subprocess.run(
        ["git", "apply", *options],
        input="".join(blocks(title, "diff")),
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"{title}: {done.stderr}"


def test_every_recipe_with_a_patch_is_followed_here():
    assert PATCHED == [
        "An optimizer",
        "An activation",
        "A metric",
        "A figure",
        "A training key",
        "A data format",
        "A model family",
    ]


def test_the_table_at_the_top_promises_what_the_recipes_promise():
    rows = dict(re.findall(r"^\| \[(.+?)\]\(#.+?\) \| (.+) \|$", PAGE, re.MULTILINE))
    assert len(rows) == len(RECIPES)
    for (short, promised), title in zip(rows.items(), RECIPES, strict=True):
        assert short.partition(" ")[2].startswith(title.partition(" ")[2])
        # Of a data set, it names the pattern of the file's name; of a key, where it is used is a matter of the key.
        if title not in {"A data set", "A training key"}:
            assert set(re.findall(r"`([^`]+)`", promised)) == files(title)


@pytest.mark.parametrize("title", PATCHED)
def test_a_patch_fits_the_code_and_touches_the_promised_files_only(title):
    patch(title, ROOT, "--check")
    touched = re.findall(r"^\+\+\+ b/(.+)$", "".join(blocks(title, "diff")), re.MULTILINE)
    assert set(touched) == files(title)


def test_the_data_set_of_the_recipe_is_made_described_and_verified(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,), (description,) = blocks("A data set", "python"), blocks("A data set", "yaml")
    (name,) = files("A data set")
    exec(compile(code, "docs/EXTENDING.md", "exec"), {})  # noqa: S102 - it is the repository's own
    Path(name).write_text(description)
    dataset = load_dataset(Path(name).stem)
    raw = read_raw(dataset, Path("data/manual") / dataset.name)
    assert raw.train_images.shape == (1400, 8, 8)
    assert raw.test_images.max() == 16


def test_the_format_of_the_recipe_finds_and_reads_its_files(tmp_path):
    shutil.copytree(ROOT / "hemline", tmp_path / "hemline")
    patch("A data format", tmp_path)
    code = """
import numpy as np
from pathlib import Path
from hemline.formats.format import find_format, open_source

images = np.arange(6 * 27648).reshape(6, 3, 96, 96).astype(np.uint8)
labels = np.array([3, 0, 3, 0, 3, 0], np.uint8)
for part, rows in (("train", slice(4)), ("test", slice(4, 6))):
    images[rows].tofile(f"{part}_X.bin")
    labels[rows].tofile(f"{part}_y.bin")
form = find_format("stl")
files = form.find(Path.cwd(), form.Options()).files
labels[:1].tofile("test_y.bin")
try:
    open_source("stl", files, {}, Path("own.yaml"))
except ValueError as error:
    print(error)
labels[4:].tofile("test_y.bin")
source = open_source("stl", files, {}, Path("own.yaml"))
print(source.parts()["train"])
assert all((read == image.transpose(2, 1, 0)).all() for read, image in zip(source.images("train"), images))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "test_X.bin: must be rows of 27648 bytes for each label, got 55296 bytes",
        "Labels(codes=array([1, 0, 1, 0], dtype=int32), values=['0', '3'], groups=None)",
    ]


def follow(title, pipeline, *options):
    """Do what a recipe says, and see that it touches what it promises, and nothing else."""
    patch(title, pipeline.folder, *options)
    pipeline.run("git", "add", "--all")  # new files, too
    touched = set(pipeline.run("git", "diff", "--cached", "--name-only").stdout.split())
    # The tiny pipeline has a params.yaml of its own, without comments.
    assert touched == files(title) - {"params.yaml"}
    pipeline.commit(title)


def stages_of(done):
    return set(re.findall(r"Running stage '([^']+)'", done.stdout))


@pytest.mark.slow
def test_the_recipes_do_what_the_page_says_one_after_the_other(tmp_path):
    pipeline = make_pipeline(tmp_path / "repository")
    follow("An optimizer", pipeline)
    follow("An activation", pipeline)
    follow("A training key", pipeline, "--exclude=params.yaml")
    plain = {"hidden": [4], "optimizer": "adamax", "activation": "mish"}
    pipeline.set(
        weight_decay=0.0, baseline="plain", variants={"plain": plain, "decayed": plain | {"weight_decay": 0.9}}
    )
    pipeline.commit("Variants with all of it")
    first = pipeline.run("dvc", "repro")
    assert {"train@plain", "train@decayed"} <= stages_of(first)
    check_that_they_trained(pipeline)
    pipeline.commit("Results")
    follow("A metric", pipeline)
    follow("A figure", pipeline)
    follow("A data format", pipeline)
    follow("A model family", pipeline)
    variants = {"plain": plain, "decayed": plain | {"weight_decay": 0.9}, "nearest": {"family": "nearest-mean"}}
    pipeline.set(variants=variants, metric="top_2")
    pipeline.commit("A variant of the new family")
    # As `make` does: of what trained before, no code changed its meaning.
    pipeline.run("python", "-m", "hemline", "record")
    second = pipeline.run("dvc", "repro")
    # Trials would be scored by the new metric's module: those stages run, to say that there are none.
    searches = {"tune@plain", "tune@decayed", "tune@nearest"}
    assert stages_of(second) == {"check", *searches, "train@nearest", "evaluate", "report"}
    assert json.loads(pipeline.read("models/nearest/settings.json"))["training"]["sharpness"] == 0.1
    check_the_metric(pipeline)
    check_the_figure(pipeline)
    if (ROOT / ".mypy_cache").is_dir():  # what `make lint` has checked already
        shutil.copytree(ROOT / ".mypy_cache", pipeline.folder / ".mypy_cache")
    for command in (["ruff", "check", "hemline"], ["ruff", "format", "--check", "hemline"], ["mypy", "hemline"]):
        pipeline.run(*command)


def check_that_they_trained(pipeline):
    settings = json.loads(pipeline.read("models/decayed/settings.json"))["training"]
    assert (settings["optimizer"], settings["activation"], settings["weight_decay"]) == ("adamax", "mish", 0.9)
    # Of the same seeds: what differs is the key.
    assert pipeline.read("models/plain/history.csv") != pipeline.read("models/decayed/history.csv")
    # What the key is told by without another line.
    rows = pipeline.query("SELECT DISTINCT value FROM params WHERE key = 'weight_decay'")
    assert {value for (value,) in rows} == {"0.0", "0.9"}
    assert '<th scope="col" class="number">Weight decay</th>' in pipeline.read("reports/index.html")


def check_the_metric(pipeline):
    table = pipeline.read("reports/index.html").partition('id="comparison"')[2].partition("</table>")[0]
    assert "Top 2<small>accuracy, %</small>" in table
    metrics = json.loads(pipeline.read("reports/metrics.json"))
    with (pipeline.folder / "reports/evaluation/comparison.csv").open() as file:
        rows = {row["variant"]: row for row in csv.DictReader(file)}
    assert set(metrics) == set(rows) == {"plain", "decayed", "nearest"}
    for name, own in metrics.items():
        assert own["accuracy"] <= own["top_2"] <= 1
        # It decides, so that it has an interval, and the gains are its own.
        assert float(rows[name]["top_2_low"]) <= own["top_2"] <= float(rows[name]["top_2_high"])
        assert own.get("gain", 0) == pytest.approx(own["top_2"] - metrics["plain"]["top_2"], abs=2e-6)
    # On the runs that were there before, and on no others.
    runs = pipeline.query("SELECT run_uuid FROM latest_metrics WHERE key = 'test_accuracy'")
    assert len(runs) == 2 * 2 + 1
    assert sorted(pipeline.query("SELECT run_uuid FROM latest_metrics WHERE key = 'test_top_2'")) == sorted(runs)


def check_the_figure(pipeline):
    assert (pipeline.folder / "reports/figures/seeds.png").read_bytes().startswith(b"\x89PNG")
    assert 'alt="Test accuracy of every training, a row a variant."' in pipeline.read("reports/index.html")
