"""Every layout of images is read as what it is, or refused with a line that names the options that read it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from layouts_for_tests import LAYOUTS, Stops, layouts_table, save

from hemline.__main__ import main as hemline
from hemline.data.description import load_dataset
from hemline.data.labels import Labels
from hemline.describe.account import account
from hemline.describe.find import find_data
from hemline.describe.findings import group_sentence
from hemline.download.sources import fetch
from hemline.errors import InputError
from hemline.formats.format import open_source
from hemline.formats.raw import Raw
from hemline.images.unread import UNREAD

PAGE = (Path(__file__).parent.parent / "docs/YOUR-DATA.md").read_text()


def read(data):
    """Return by part the images with their labels, in any order; as the pipeline opens them, by the options alone."""
    source = open_source(data.format, data.found.files, data.found.options, Path("data/own.yaml"))
    found = {}
    for part, labels in source.parts().items():
        words = [labels.values[code] for code in labels.codes]
        pairs = zip(source.images(part), words, strict=True)
        found[part] = sorted((raised(image).tobytes(), word) for image, word in pairs)
    return found


def raised(image):
    if isinstance(image, InputError):
        raise image
    return image


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_read_as_what_it_is(name, tmp_path):
    write, expected, labels, images, path = LAYOUTS[name]
    top = tmp_path / "own"
    top.mkdir()
    write(top)
    if isinstance(expected, Stops):
        with pytest.raises(InputError, match=expected.message) as caught:
            read(find_data(top / path))
        assert "\n" not in str(caught.value)
        for options in expected.options:
            assert sum(len(each) for each in read(find_data(top / path, options=options)).values()) >= 60
        return
    data = find_data(top / path)
    found = read(data)
    if name == "classes of one letter":
        assert len(data.source.parts()["all"].values) == 3
        return
    truth = {p: sorted((images[i].tobytes(), str(labels[i])) for i in rows) for p, rows in expected.items()}
    assert {part: len(each) for part, each in found.items()} == {part: len(each) for part, each in truth.items()}
    assert found == truth
    entries = account(data)
    assert any(entry.is_used for entry in entries)


@pytest.mark.parametrize(
    "name",
    [
        "single prediction",
        "names without ending",
        "hugging face on disk",
        "pixels as text",
        "emnist",
        "quick draw",
        "cifar pickles",
        "web dataset",
    ],
)
def test_what_is_described_goes_through_the_pipeline_with_the_same_images_and_names_no_place(
    name, tmp_path, monkeypatch, capsys
):
    write, expected, labels, images, path = LAYOUTS[name]
    top, repository = tmp_path / "somewhere-private", tmp_path / "repository"
    top.mkdir()
    (repository / "data").mkdir(parents=True)
    shutil.copy(Path(__file__).parent.parent / "params.yaml", repository)
    write(top)
    monkeypatch.chdir(repository)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    hemline(["describe", str(top / path), "--name", "mine", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert {part: sum(counts.values()) for part, counts in told["parts"].items()} == {
        part: len(rows) for part, rows in expected.items()
    }
    assert "somewhere-private" not in Path("data/mine.yaml").read_text().replace("  - name: somewhere-private", "")
    assert str(tmp_path) not in Path("data/mine.yaml").read_text()
    dataset = load_dataset("mine")
    fetch(dataset)
    raw = Raw(dataset)
    for part, rows in expected.items():
        read = np.concatenate(list(raw.batches(part)))
        words = [dataset.classes[code] for code in raw.parts[part].codes]
        found = sorted((image.tobytes(), word) for image, word in zip(read, words, strict=True))
        assert found == sorted((images[index].tobytes(), str(labels[index])) for index in rows)


def test_what_is_not_taken_is_named(tmp_path):
    (tmp_path / "dog").mkdir()
    LAYOUTS["class folders"][0](tmp_path)
    assert ("empty", "dog") in {(entry.use, entry.folder) for entry in account(find_data(tmp_path))}
    np.savez(tmp_path / "own.npz", x_train=np.zeros((4, 8, 8)), y_train=[0, 1, 0, 1], x_test=np.zeros((4, 8, 8)))
    assert any(told.startswith("Not taken: own.npz: x_test") for told in find_data(tmp_path / "own.npz").found.told)


def test_folders_inside_a_class_can_be_groups(tmp_path):
    for index in range(12):
        save(tmp_path / f"{('ant', 'bee')[index % 2]}/clip{index % 4}/{index}.png", index)
    data = find_data(tmp_path, options={"level": 1, "group": "([^/]+)/[^/]+$"})
    assert len(set(data.source.parts()["all"].groups)) == 4


def test_test_images_of_objects_that_others_show_are_counted():
    parts = {
        part: Labels(np.zeros(2), ["ant", "bee"], np.array(own)) for part, own in (("train", [0, 1]), ("test", [1, 2]))
    }
    assert group_sentence(parts).startswith("1 of 2 test images show objects that others show")
    assert group_sentence({"test": parts["test"]}) == group_sentence({}) == ""


def test_the_page_has_the_table_of_all_layouts_and_of_what_is_converted_first():
    assert len(LAYOUTS) >= 60
    assert layouts_table() in PAGE
    rows = [f"| {kind.what} ({', '.join(kind.endings)}) | {kind.how} |" for kind in UNREAD]
    assert "\n".join(rows) in PAGE
