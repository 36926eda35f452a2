"""Data sets in any format, from a source to the normalized sets."""

import hashlib
import re
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML

from hemline.data.description import Split, load_dataset
from hemline.data.duplicates import find_duplicates
from hemline.data.findings import Findings, constant_warning, scale_warning
from hemline.data.labels import Labels
from hemline.data.normalized import Normalized
from hemline.data.pixels import Pixels
from hemline.data.splits import choose
from hemline.download.sources import fetch
from hemline.errors import InputError
from hemline.formats import raw as formats_raw
from hemline.formats.format import Source
from hemline.images.tree import digest
from hemline.params import parse_params
from stages import check, known, normalize

CLASSES = ["cat", "dog"]
PARAMS = {"dataset": "pets", "seeds": [0], "baseline": "linear", "variants": {"linear": {"hidden": []}}}


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """Twenty pictures of each class, each of one grey that tells which it is; and where they are."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(CLASSES):
        folder = tmp_path / "mine/pets" / name
        folder.mkdir(parents=True)
        for index in range(20):
            Image.fromarray(np.full((3, 4), 100 * number + index, np.uint8)).save(folder / f"{index}.png")
    return tmp_path / "mine/pets"


def describe(path, **changes):
    size = sum(file.stat().st_size for file in path.rglob("*.png")) if path.is_dir() else path.stat().st_size
    sha256 = digest(path) if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
    description = {
        "title": "Pets",
        "format": "folder",
        "classes": CLASSES,
        "image_shape": [3, 4],
        "class_counts": {"all": [20, 20]},
        "split": {"test": 0.25, "seed": 3},
        "files": [{"name": path.name, "sha256": sha256, "bytes": size}],
        "sources": [str(path.parent)],
    }
    Path("data").mkdir(exist_ok=True)
    YAML().dump(
        {key: value for key, value in (description | changes).items() if value is not None}, Path("data/pets.yaml")
    )
    return load_dataset("pets")


def run(dataset, **changes):
    """Download and normalize; return the sets as raw greys by their names."""
    fetch(dataset)
    return normalized(dataset, **changes)


def normalized(dataset, scale=255, validation_split=0.1):
    params = PARAMS | {"normalize": {"scale": scale, "validation_split": validation_split}}
    normalize.normalize(parse_params(params, Path("params.yaml")), dataset)
    read = {name: Normalized().read(name) for name in Normalized().sets}
    for each in read.values():
        # Which class it is can be seen.
        np.testing.assert_array_equal(each.labels, each.images[:, 0, 0] >= 100)
    return {name: each.images[:, 0, 0].astype(int).tolist() for name, each in read.items()}


def test_a_folder_of_class_folders_becomes_three_sets_of_all_its_images(pets):
    sets = run(describe(pets))
    assert {name: len(greys) for name, greys in sets.items()} == {"train": 27, "validation": 3, "test": 10}
    assert sorted(grey for greys in sets.values() for grey in greys) == [*range(20), *range(100, 120)]
    assert sum(grey < 100 for grey in sets["test"]) == 5
    assert Normalized().about().classes == CLASSES


def test_the_same_folder_gives_the_same_bytes_wherever_it_lies(pets, tmp_path):
    run(describe(pets))
    first = {path.name: path.read_bytes() for path in [*Path("data/raw").iterdir(), *Path("data/normalized").iterdir()]}
    shutil.copytree(pets, tmp_path / "elsewhere/pets")
    shutil.rmtree("data/raw")
    run(describe(tmp_path / "elsewhere/pets"))
    again = {path.name: path.read_bytes() for path in [*Path("data/raw").iterdir(), *Path("data/normalized").iterdir()]}
    assert again == first


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_gives_the_sets_of_its_folder(pets, kind):
    expected = run(describe(pets))
    shutil.rmtree("data/raw")
    archive = pets.parent / f"pets.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in pets.rglob("*.png"):
                packed.write(path, path.relative_to(pets.parent))
    else:
        with tarfile.open(archive, "w:gz") as packed:
            packed.add(pets, "pets")
    assert run(describe(archive)) == expected


def test_another_seed_of_the_split_takes_other_test_images(pets):
    first = run(describe(pets))
    assert normalized(describe(pets, split={"test": 0.25, "seed": 4}))["test"] != first["test"]


def test_given_parts_are_kept_and_validation_is_not_taken_from_training(pets):
    for part, indices in {"train": range(12), "val": range(12, 15), "test": range(15, 20)}.items():
        for name in CLASSES:
            (pets / part / name).mkdir(parents=True)
            for index in indices:
                (pets / name / f"{index}.png").rename(pets / part / name / f"{index}.png")
    for name in CLASSES:
        (pets / name).rmdir()
    counts = {"train": [12, 12], "validation": [3, 3], "test": [5, 5]}
    sets = run(describe(pets, class_counts=counts, split=None))
    assert sets["validation"] == [12, 13, 14, 112, 113, 114]
    assert sets["test"] == [*range(15, 20), *range(115, 120)]
    assert len(sets["train"]) == 24


def test_a_picture_that_changed_is_refused_and_what_was_there_stays(pets):
    dataset = describe(pets)
    fetch(dataset)
    before = Path("data/raw/pets.zip").read_bytes()
    path = pets / "cat/7.png"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match=r"(?s)pets: no source has .*sha256: must be "):
        fetch(dataset)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(InputError, match=r"bytes: must be \d+, got \d+"):
        fetch(dataset)
    (pets / "dog/8.png").unlink()
    with pytest.raises(InputError, match=r"pictures in dog: must be 20, got 19"):
        fetch(dataset)
    assert Path("data/raw/pets.zip").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"class_counts": {"all": [20, 21]}}, r"class_counts.all: must be 20 images of 'dog', as in the data, got 21"),
        (
            {"classes": ["cat", "hare"]},
            r"classes: must have 'dog' as it stands in the data, .*classes are renamed under",
        ),
        ({"image_shape": [3, 5]}, r"cat/0.png: size: must be 3 x 5 \(height x width\), got 3 x 4; `resize: "),
        ({"pixels": {"highest": 16}}, r"cat/17.png: pixels: must be from 0 to 16, got 17"),
        ({"format": "nosuch"}, r"format: must be one of \['arrays', .*'folder'.*, got 'nosuch'"),
        ({"options": {"grup": "x"}}, r"grup: is not a known key"),
        ({"split": {"test": 0.01}}, r"split.test: must leave images of each of 2 classes .*got 0.01"),
        (
            {"class_counts": {"train": [10, 10], "test": [10, 10]}, "split": None},
            r"must have the parts of the data, \['all'\]",
        ),
    ],
)
def test_what_differs_from_the_description_is_one_line(pets, changes, line):
    dataset = describe(pets, **changes)
    fetch(dataset)
    with pytest.raises(InputError, match=line):
        normalized(dataset)
    assert not Path("data/normalized").exists()


def test_without_validation_all_is_trained_on(pets, monkeypatch):
    fetch(describe(pets))
    YAML().dump(PARAMS | {"normalize": {"validation_split": 0}}, Path("params.yaml"))
    monkeypatch.setattr("sys.argv", ["normalize"])
    normalize.main()
    assert [len(Normalized().labels(name)) for name in Normalized().sets] == [30, 0, 10]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"format": "nosuch"}, r"data/pets.yaml: format: must be one of \[.*'folder'.*\], got 'nosuch'"),
        ({"options": {"grup": "x"}}, "data/pets.yaml: grup: is not a known key"),
        ({"options": {"group": "("}}, "data/pets.yaml: group: must be a regular expression"),
    ],
)
def test_a_format_or_an_option_that_is_wrong_is_refused_before_anything_runs(pets, monkeypatch, changes, line):
    describe(pets, **changes)
    YAML().dump(PARAMS, Path("params.yaml"))
    monkeypatch.setattr("sys.argv", ["check"])
    with pytest.raises(SystemExit, match=rf"error: {line}.*; all results are as they were"):
        check.main()
    assert not check.CHECKED.exists()


def test_pictures_of_other_sizes_are_resized_where_the_description_says_so(pets):
    dataset = describe(pets, image_shape=[6, 2], resize={"method": "bilinear"})
    fetch(dataset)
    normalized(dataset)
    assert Normalized().read("train").images.shape == (27, 6, 2)


def test_images_of_one_group_stay_on_one_side():
    labels = np.repeat([0, 1], 60)
    groups = np.arange(120) // 6
    parts = {"all": Labels(labels, [], groups)}
    sets = choose(parts, split=Split(test=0.25), validation_split=0.2)
    found = {name: set(groups[chosen.indices]) for name, chosen in sets.items()}
    assert not found["train"] & found["test"]
    assert not found["train"] & found["validation"]
    assert not found["validation"] & found["test"]
    assert sum(len(chosen.indices) for chosen in sets.values()) == 120


def test_the_warnings_name_what_to_do():
    assert scale_warning(Pixels(highest=16), 16) == ""
    assert scale_warning(Pixels(), 16, most=16) == ""  # a few are larger
    assert scale_warning(Pixels(), 16, most=200).endswith("set normalize.scale to 255.")
    assert scale_warning(Pixels(highest=16), 31) == ""  # up to a half
    assert scale_warning(Pixels(highest=16), 33).endswith("set normalize.scale to 16.")
    assert scale_warning(Pixels(highest=16), 255).endswith("set normalize.scale to 16.")
    assert constant_warning({"train": 0, "test": 0}) == ""
    assert constant_warning({"train": 1, "test": 0}).startswith("1 train image has the same value in all pixels")


def test_test_images_that_were_trained_on_are_told_in_the_terminal(pets, monkeypatch, capsys):
    # Every picture twice: some are on both sides.
    for name in CLASSES:
        for path in list((pets / name).iterdir()):
            shutil.copyfile(path, path.with_stem(f"again-{path.stem}"))
    dataset = describe(pets, class_counts={"all": [40, 40]})
    fetch(dataset)
    YAML().dump(PARAMS, Path("params.yaml"))
    monkeypatch.setattr("sys.argv", ["normalize"])
    normalize.main()
    count = int(Findings().duplicates(20).found.sum())
    assert count > 0
    assert f"warning: {count} of 20 test images are training or validation images, too: " in capsys.readouterr().out


def test_groups_are_divided_by_the_seed_of_the_split():
    parts = {"all": Labels(np.repeat([0, 1], 60), [], np.arange(120) // 6)}
    taken = [choose(parts, split=Split(test=0.25, seed=seed), validation_split=0)["test"].indices for seed in (0, 1)]
    assert taken[0].tolist() != taken[1].tolist()


class Short(Source):
    """Two labels, and one image."""

    def parts(self):
        return {"all": Labels(np.array([0, 1]), CLASSES)}

    def images(self, part):  # noqa: ARG002 - there is one
        yield np.zeros((3, 4), np.uint8)

    def name(self, part, index):
        return f"{part} {index}"


def test_a_source_with_fewer_images_than_labels_is_refused(pets, monkeypatch):
    monkeypatch.setattr(formats_raw, "_open", lambda *_: Short())
    raw = formats_raw.Raw(describe(pets, class_counts={"all": [1, 1]}))
    with pytest.raises(InputError, match="all: must be 2 images, got 1"):
        list(raw.batches("all"))


def test_nothing_is_found_about_sets_whose_parameters_have_changed_meanwhile(pets, monkeypatch):
    fetch(describe(pets))
    YAML().dump(PARAMS, Path("params.yaml"))

    def change(*sets):
        YAML().dump(PARAMS | {"normalize": {"scale": 7}}, Path("params.yaml"))
        return find_duplicates(*sets)

    monkeypatch.setattr(normalize, "find_duplicates", change)
    monkeypatch.setattr("sys.argv", ["normalize"])
    with pytest.raises(SystemExit, match="must stay as it is while a stage runs"):
        normalize.main()
    assert not Findings.PATH.exists()


@pytest.mark.parametrize(
    ("here", "remedy"),
    [(True, "; correct it, or `git checkout params.yaml`"), (False, "; this copy has only what git knows: `git add ")],
)
def test_a_data_set_that_is_not_there_is_told_with_what_helps(pets, monkeypatch, here, remedy):
    describe(pets)
    copy = Path("copy")
    (copy / "data").mkdir(parents=True)
    monkeypatch.setattr(known, "repository", pets.parents[1].resolve)
    if not here:
        monkeypatch.chdir(copy)
    YAML().dump(PARAMS | {"dataset": "pats" if here else "pets"}, Path("params.yaml"))
    with pytest.raises(SystemExit, match=re.escape(remedy)):
        known.main()
    assert not known.KNOWN.exists()


def test_groups_that_cannot_be_divided_are_one_line():
    parts = {"train": Labels(np.array([0, 0, 1, 1]), [], np.zeros(4, int)), "test": Labels(np.array([0, 1]), [])}
    with pytest.raises(InputError, match=r"normalize.validation_split: must leave images of each of 2 classes"):
        choose(parts, validation_split=0.5)


def test_what_makes_the_data_doubtful_is_told(pets, capsys, monkeypatch):
    dataset = describe(pets, classes=[*CLASSES, "hare"], class_counts={"all": [20, 20, 0]})
    fetch(dataset)
    YAML().dump(PARAMS | {"normalize": {"scale": 1, "validation_split": 0.1}}, Path("params.yaml"))
    monkeypatch.setattr("sys.argv", ["normalize"])
    normalize.main()
    assert Findings().warnings() == [
        scale_warning(Pixels(), 1),
        constant_warning({"train": 27, "validation": 3, "test": 10}),
        "hare has no training images.",
        "hare has no test images.",
    ]
    assert capsys.readouterr().out.count("warning: ") == 4
