"""`make describe`: a path becomes a description that is ready to run, or one clear line."""

import gzip
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import docs_for_tests as docs
import numpy as np
import pandas as pd
import pytest
from datasets_for_tests import write_idx
from pictures_for_tests import deep_png, photograph, write, write_digits
from pipelines_for_tests import Pipeline, make_pipeline
from ruamel.yaml import YAML
from sklearn.datasets import load_digits

from commands import describe
from hemline.__main__ import main as hemline
from hemline.data.description import CollectedDataset, IdxDataset, load_dataset
from hemline.describe.write import description_text, write_description
from hemline.download.sources import fetch
from hemline.formats.raw import Raw

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A repository of its own, with nothing but the parameters."""
    folder = tmp_path / "repository"
    (folder / "data").mkdir(parents=True)
    shutil.copy(REPOSITORY / "params.yaml", folder)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(place, monkeypatch, capsys):
    """Run the command; return what it printed, or the line that it ended with."""

    def run(path, *options, name="mine"):
        try:
            hemline(["describe", str(path), "--name", name, *options])
        except SystemExit as end:
            return str(end.code)
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return write_digits(tmp_path_factory.mktemp("pictures") / "digits")


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Three hundred of them, for tests that are about something else."""
    return write_digits(tmp_path_factory.mktemp("few") / "digits", 300)


def raw_images(name="mine"):
    """Return all images that the pipeline gets from a description, by part."""
    dataset = load_dataset(name)
    fetch(dataset)
    raw = Raw(dataset)
    return {part: np.concatenate(list(raw.batches(part))) for part in raw.parts}


def test_digits_in_folders_become_a_data_set_of_sixteen_greys_which_the_pipeline_gets(run, digits):
    printed = run(digits)
    dataset = load_dataset("mine")
    assert isinstance(dataset, CollectedDataset)
    assert (dataset.format, dataset.classes, dataset.image_shape) == ("folder", list("0123456789"), [8, 8])
    assert dataset.class_counts == {"all": np.bincount(load_digits().target).tolist()}
    assert (dataset.pixels.type, dataset.pixels.highest) == ("uint8", 16)
    assert (dataset.split.test, dataset.resize, dataset.sources) == (0.2, None, [])
    assert Path("data/manual/mine").resolve() == digits.parent.resolve()
    assert str(digits.parent) not in Path("data/mine.yaml").read_text()
    assert "  1,797 .png in 10 folders: image, all" in printed
    assert "mine: 1,797 images of 10 classes, format folder" in printed
    assert "to train on: 1,293, to validate: 144, to test: 360 (taken from all of them)" in printed
    assert "normalize: {scale: 16, validation_split: 0.1}\n  batch_size: 32\n  epochs: 200\n" in printed
    assert "dvc exp run -S dataset=mine -S normalize.scale=16" in printed
    assert len(printed.splitlines()) < 30
    order = np.argsort(load_digits().target, kind="stable")
    assert np.array_equal(raw_images()["all"], load_digits().images[order])


def test_the_description_is_the_same_each_time(run, few):
    run(few, name="a")
    run(few, name="b")
    assert Path("data/a.yaml").read_text().replace("title: a", "title: b") == Path("data/b.yaml").read_text()


def test_data_inside_the_repository_is_named_from_its_top(run, place, few):
    shutil.copytree(few, place / "pictures/digits")
    run("pictures/digits/")
    assert load_dataset("mine").sources == ["pictures"]
    assert raw_images()["all"].shape == (300, 8, 8)


@pytest.mark.parametrize("kind", ["arrays", "folder"])
def test_labels_stay_when_classes_are_renamed(run, few, tmp_path, kind):
    images, labels = load_digits().images[:300], load_digits().target[:300]
    np.savez(tmp_path / "digits.npz", x=images.astype(np.uint8), y=labels)
    run(tmp_path / "digits.npz" if kind == "arrays" else few)
    assert load_dataset("mine").labels == list("0123456789")
    path = Path("data/mine.yaml")
    path.write_text(path.read_text().replace("classes: ['0'", "classes: [zero"))
    assert load_dataset("mine").classes[0] == "zero"
    order = np.argsort(labels, kind="stable") if kind == "folder" else slice(None)
    assert np.array_equal(raw_images()["all"], images[order])


def test_an_archive_of_folders_is_described_as_the_file_that_it_is(run, few, tmp_path):
    with zipfile.ZipFile(tmp_path / "digits.zip", "w") as packed:
        for path in sorted(few.glob("*/*.png")):
            packed.write(path, path.relative_to(few))
    run(tmp_path / "digits.zip")
    (file,) = load_dataset("mine").files
    assert (file.name, file.bytes) == ("digits.zip", (tmp_path / "digits.zip").stat().st_size)
    assert len(raw_images()["all"]) == 300


def test_idx_files_become_four_files_by_the_digests_of_their_contents(run, tmp_path):
    data = load_digits()
    for part, rows in {"train": slice(0, 1500), "t10k": slice(1500, None)}.items():
        for kind, array in {"images-idx3": data.images, "labels-idx1": data.target}.items():
            with gzip.open(tmp_path / f"{part}-{kind}-ubyte.gz", "wb") as stream:
                write_idx(array[rows].astype(np.uint8), stream)
    run(tmp_path)
    dataset = load_dataset("mine")
    assert isinstance(dataset, IdxDataset)
    assert dataset.pixels.highest == 16
    assert {part: len(images) for part, images in raw_images().items()} == {"train": 1500, "test": 297}
    assert "IDX files are read as they are" in run(tmp_path, "--resize", "4x4", name="other")


def test_photographs_of_any_size_are_resized_and_the_reason_is_told(run, tmp_path):
    for number, name in enumerate(["temple", "花 🌸"]):
        for shift in range(20):
            piece = photograph(number)[10 * shift : 10 * shift + 200, : 260 + shift]
            write(tmp_path / "photos" / name / f"{shift}.jpg", piece)
    printed = run(tmp_path / "photos")
    dataset = load_dataset("mine")
    assert dataset.classes == ["temple", "花 🌸"]
    assert (dataset.image_shape, dataset.resize.method) == ([48, 64, 3], "lanczos")
    assert "resized to 48 x 64: the median, 200 x 269, reduced to 64 pixels" in printed
    assert "! Sizes differ: 20 of them, from 200 x 260 to 200 x 279 (height x width)." in printed
    assert raw_images()["all"].shape == (40, 48, 64, 3)
    run(tmp_path / "photos", "--resize", "10x12", "--grey", name="small")
    assert raw_images("small")["all"].shape == (40, 10, 12)


def test_what_is_doubtful_is_told_and_the_images_are_named(run, tmp_path):
    photos = tmp_path / "photos"
    for part, counts in {"train": (40, 9), "test": (8, 3)}.items():
        for label, count in enumerate(counts):
            for number in range(count):
                left = 9 * number + 200 * (part == "test")
                write(photos / part / f"class {label}" / f"{number}.png", photograph(label)[:60, left : left + 60])
    shutil.copy(photos / "train/class 0/0.png", photos / "test/class 0/copy.png")
    shutil.copy(photos / "train/class 0/1.png", photos / "train/class 1/wrong.png")
    write(photos / "train/class 0/blank.png", np.full((60, 60), 7, np.uint8))
    printed = run(photos)
    assert "4 images have the same pixels as another; 1 of them is a test image whose twin is not" in printed
    assert "in 1 of 2 groups, labels differ" in printed
    assert f"{photos}/train/class 0/1.png and {photos}/train/class 1/wrong.png." in printed
    assert "! Fewer than 10 training images: class 1 (9)." in printed
    assert "! Imbalanced: 50 images of class 0 and 13 of class 1, 3.85 : 1" in printed
    assert f"! 1 image has the same value in all pixels: {photos}/train/class 0/blank.png." in printed
    assert "62 of 63 images are in colour, the others grey." in printed


def test_colours_of_sixteen_bits_that_become_eight_are_counted(run, tmp_path):
    colours = np.random.default_rng(0).integers(0, 2**16, (24, 8, 8, 3))
    for number, pixels in enumerate(colours):
        path = tmp_path / f"deep/{'ab'[number % 2]}/{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(deep_png(pixels, 2))
    assert "! 24 images have colours of 16 bits, which are read with 8" in run(tmp_path / "deep")


def test_a_class_without_test_images_is_told(run, tmp_path):
    for name, pixels in {"train/a/1": 1, "train/a/2": 2, "train/b/1": 3, "train/b/2": 4, "test/a/1": 5}.items():
        for copy in range(9):
            write(tmp_path / "p" / f"{name}{copy}.png", np.arange(81, dtype=np.uint8).reshape(9, 9) + pixels + 9 * copy)
    assert "! b has no test images." in run(tmp_path / "p")


def test_unreadable_pictures_are_named_and_nothing_is_written(run, few, tmp_path):
    folder = shutil.copytree(few, tmp_path / "digits")
    (folder / "3" / "empty.png").touch()
    (folder / "4" / "text.png").write_text("no picture")
    line = run(folder)
    assert line.startswith(f"error: {folder}: 2 of 302 images cannot be read; remove or replace them, and run this")
    assert f"{folder}/3/empty.png: " in line
    assert f"{folder}/4/text.png: " in line
    assert list(Path("data").iterdir()) == []


def test_bad_input_is_one_line_and_nothing_is_written(run, few, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no data")
    write(tmp_path / "one" / "cat" / "1.png", np.eye(9, dtype=np.uint8))
    (tmp_path / "phone" / "cat").mkdir(parents=True)
    (tmp_path / "phone" / "cat" / "1.heic").touch()
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04 and no more")
    shutil.copytree(few, "data/raw/digits")
    lines = [
        (run(tmp_path / "nowhere"), "DATA: must be a file or a folder, got"),
        (run(tmp_path / "empty"), "DATA: must be a folder with a folder of pictures for each class"),
        (run(tmp_path / "notes.txt"), "notes.txt: cannot be read: 1 .txt (text): of lists `name label`, make a CSV"),
        (run(tmp_path / "one"), "table that names the pictures, got cat alone"),
        (run(few, name="Mine"), "NAME: must be at most 64 small letters, digits and hyphens, as in"),
        (run(few, name="a" * 65), "NAME: must be at most 64"),
        (run(few, name="../x"), "NAME: must be at most 64"),
        (run(few, name=""), "NAME: is required, but missing"),
        (run(few, "--resize", "64"), "--resize: must be height x width, as in 48x64, got '64'"),
        (run(few, "--test-share", "1.5"), "--test-share: must be between 0 and 1, as in 0.2, got '1.5'"),
        (run(few, "--test-share", "many"), "--test-share: must be between 0 and 1, as in 0.2, got 'many'"),
        (run(few, "--option", "label"), "--option: must be key=value, as in label=species, got 'label'"),
        (run(few, "--option", "colour=red"), "colour: is not a known key"),
        (run(few, "--format", "pdf"), "--format: must be one of"),
        (run(tmp_path / "phone"), "cannot be read: 1 .heic (HEIC pictures): `heif-convert"),
        (run(tmp_path / "cut.zip"), "got the damaged archive"),
        (run("data/raw/digits"), "DATA: must not lie in data/raw, which the pipeline replaces; move it to data/manual"),
    ]
    for line, expected in lines:
        assert line.startswith("error: ")
        assert expected in line
        assert "\n" not in line
    assert list(Path("data").iterdir()) == [Path("data/raw")]


def test_a_description_that_exists_is_replaced_only_by_force(run, few):
    run(few)
    before = Path("data/mine.yaml").read_text()
    assert "NAME: data/mine.yaml exists; choose another name, or replace it: --force" in run(few, "--grey")
    assert Path("data/mine.yaml").read_text() == before
    run(few, "--test-share", "0.5", "--force")
    assert load_dataset("mine").split.test == 0.5


def test_a_test_set_that_is_given_is_the_test_set(run, tmp_path):
    write_digits(tmp_path / "d" / "train", 300)
    write_digits(tmp_path / "d" / "test", 90)
    assert "a test set is given, so none can be taken" in run(tmp_path / "d", "--test-share", "0.3")
    printed = run(tmp_path / "d")
    assert load_dataset("mine").counts == {"train": 300, "test": 90}
    assert "180 images have the same pixels as another; 90 of them are test images whose twins are not" in printed


def test_settings_that_clash_with_others_of_params_yaml_are_told(run, few):
    params = YAML().load(Path("params.yaml"))
    params["variants"]["dense-128"]["batch_size"] = 5000
    YAML().dump(params, Path("params.yaml"))
    assert "! First: params.yaml: batch_size: must be at most the number of training images" in run(few)


def write_tables(folder):
    data = load_digits()
    table = pd.DataFrame(data.data[:300].astype(np.uint8), columns=[f"pixel{number}" for number in range(64)])
    table.insert(0, "label", data.target[:300])
    table.to_csv(folder / "digits.csv", index=False)
    table.rename(columns={"label": "what"}).to_parquet(folder / "digits.parquet")


def test_tables_are_described_and_what_their_columns_do_not_tell_is_an_option(run, tmp_path):
    write_tables(tmp_path)
    run(tmp_path / "digits.csv")
    assert "must have a column of labels" in run(tmp_path / "digits.parquet", name="other")
    run(tmp_path / "digits.parquet", "--option", "label=what", name="other")
    assert load_dataset("other").options == {"label": "what"}
    for name in ("mine", "other"):
        assert load_dataset(name).pixels.highest == 16
        assert np.array_equal(raw_images(name)["all"], load_digits().images[:300])
        shutil.rmtree("data/raw")


def test_what_several_formats_can_read_is_the_user_s_to_decide(run, few, tmp_path):
    folder = shutil.copytree(few, tmp_path / "digits")
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.png"))
    table = pd.DataFrame({"file": paths, "label": [int(path[0] > "4") for path in paths]})
    table.to_csv(folder / "large.csv", index=False)
    assert "say different classes: `--format table` takes the column, `--format folder` the folders" in run(folder)
    run(folder, "--format", "table")
    assert load_dataset("mine").classes == ["0", "1"]


@pytest.mark.parametrize(
    "name",
    ["yes", "no", "null", "1e3", "0x10", "~", "- a", "a: b", "# a", "'", '"', "{a}", "[a", "*a", "&a", "عربي", "🌸"],
)
def test_any_class_name_survives_the_file(place, name):
    values = {"title": "T", "format": "folder", "classes": [name, "other " * 30], "image_shape": [8, 8]}
    values |= {"class_counts": {"train": [1, 2], "test": [3, 4]}, "sources": ["."]}
    values |= {"files": [{"name": name + "x", "sha256": "0" * 64, "bytes": 9}]}
    write_description("mine", description_text(values), place / "data")
    dataset = load_dataset("mine", place / "data")
    assert (dataset.classes, dataset.files[0].name) == (values["classes"], name + "x")


def test_the_command_takes_its_data_from_make(place, digits):
    for line, expected in [("NAME=x", "error: DATA: name"), (f"DATA={digits}", "error: NAME: give")]:
        done = Pipeline(REPOSITORY).run("make", "--old-file=.venv/.ready", "describe", line, check=False)
        assert done.returncode != 0
        assert expected in done.stderr


def test_the_walk_through_shows_what_is_printed_to_the_last_digit(run):
    make, look = docs.steps(REPOSITORY / "docs/YOUR-DATA.md")
    subprocess.run(["bash", "-c", make.command], check=True, env=Pipeline(Path.cwd()).environment)
    assert look.command == "make describe DATA=../digits NAME=digits"
    printed, shown = (
        re.sub("takes about .*:", "", text.strip()) for text in (run("../digits", name="digits"), look.shown)
    )
    assert printed == shown
    assert printed.splitlines()[-1].strip() in docs.blocks(REPOSITORY / "docs/YOUR-DATA.md", "sh")[0]


def test_every_option_is_in_the_docs_and_every_one_of_the_docs_exists():
    page = (REPOSITORY / "docs/YOUR-DATA.md").read_text()
    known = set(re.findall(r'"(--[a-z-]+)"', Path(describe.__file__).read_text())) - {"--name"}
    assert set(re.findall(r"--[a-z-]*[a-z]", page)) == known


@pytest.mark.slow
def test_from_a_folder_of_pictures_to_the_answer(tmp_path, digits):
    folder = tmp_path / "repository"
    folder.mkdir()
    pipeline = make_pipeline(folder)
    printed = pipeline.run("python", "-m", "hemline", "describe", str(digits), "--name", "digits").stdout
    (command,) = [line.split() for line in printed.splitlines() if "dvc exp run" in line]
    assert "normalize.scale=16" in command
    pipeline.set(variants={"linear": {"hidden": []}, "dense-64": {"hidden": [64]}}, learning_rate=0.001)
    pipeline.run(*command)
    metrics = json.loads(pipeline.read("reports/metrics.json"))
    assert metrics["linear"]["accuracy"] > 0.95
    assert abs(metrics["dense-64"]["gain"]) < 0.05
