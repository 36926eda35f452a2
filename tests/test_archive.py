"""Model files that are damaged or made to do harm are refused in one line, before Keras reads them."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hemline.errors import InputError
from hemline.families.dense import DenseSettings
from hemline.training.model import build_model, load_model, save_model

WEIGHTS = "model.weights.h5"
LAMBDA = {"function": {"class_name": "__lambda__", "config": {"code": "4wAAAA==", "defaults": None, "closure": None}}}


@pytest.fixture(scope="module")
def network():
    return build_model(DenseSettings(hidden=[3], dropout=0.5), (4, 5), 3, seed=0, name="tiny")


@pytest.fixture
def saved(network, tmp_path):
    path = tmp_path / "models" / "tiny" / "seed-0.keras"
    path.parent.mkdir(parents=True)
    save_model(network, path)
    return path


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, contents, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def reconfigure(path, change):
    """Write the archive with a changed network, by a function of its layers."""
    contents = members(path)
    config = json.loads(contents["config.json"])
    change(config["config"]["layers"])
    write(path, contents | {"config.json": json.dumps(config)})


def foreign(class_name, own, module="keras.layers", registered_name=None):
    return {"module": module, "class_name": class_name, "config": own, "registered_name": registered_name}


def refusal(path):
    with pytest.raises(InputError) as caught:
        load_model(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert line.endswith("; run `dvc repro train@tiny`")
    assert len(line.splitlines()) == 1
    return line


def test_what_was_saved_is_loaded(network, saved):
    images = np.ones((2, 4, 5), np.float32)
    np.testing.assert_array_equal(load_model(saved)(images), network(images))


DAMAGES = {
    "empty": lambda content: content[:0],
    "text": lambda content: b"no model" + content[:0],
    "half": lambda content: content[: len(content) // 2],
    "without its end": lambda content: content[:-1],
    "one bit of its weights": lambda content: content[:6000] + bytes([content[6000] ^ 1]) + content[6001:],
}


@pytest.mark.trials(few=20, many=2000)
def test_a_model_with_any_byte_changed_is_refused_or_is_the_same(network, saved, repetitions):
    images, content = np.ones((2, 4, 5), np.float32), saved.read_bytes()
    generator = np.random.default_rng(0)
    for place, mask in zip(
        generator.integers(0, len(content), repetitions), generator.integers(1, 256, repetitions), strict=True
    ):
        saved.write_bytes(content[:place] + bytes([content[place] ^ mask]) + content[place + 1 :])
        try:
            loaded = load_model(saved)
        except InputError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017 - either is right
        else:
            np.testing.assert_array_equal(loaded(images), network(images))


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("Lambda", foreign("Lambda", LAMBDA)),
        ("system", foreign("system", {"command": "exit"}, module="os")),
        ("StringLookup", foreign("StringLookup", {"vocabulary": "/etc/passwd"})),
        ("TFSMLayer", foreign("TFSMLayer", {"filepath": "/tmp"})),  # noqa: S108 - never read
        ("Dense", foreign("Dense", {"units": 3}, module="keras_of_mine.layers")),
        ("Dense", foreign("Dense", {"units": 3}, registered_name="mine>Dense")),
    ],
)
def test_layers_that_could_run_code_or_read_files_are_refused_by_their_name(saved, name, layer):
    reconfigure(saved, lambda layers: layers.insert(1, layer))
    assert f"names '{name}', which no network of this pipeline has" in refusal(saved)


def test_layers_of_more_weights_than_there_are_are_refused_before_memory_is_taken(saved):
    reconfigure(saved, lambda layers: layers[2]["config"].update(units=10**9))
    assert "for which it has no room" in refusal(saved)


@pytest.mark.parametrize("config", ["[]", "{}", "null", '{"config": {"layers": [3]}}', "[" * 100_000, "{"])
def test_a_configuration_of_another_form_is_refused(saved, config):
    write(saved, members(saved) | {"config.json": config})
    assert ": is damaged: " in refusal(saved)


@pytest.mark.parametrize("name", ["../../outside", "/outside", "assets/vocabulary.txt"])
def test_further_members_are_refused_wherever_they_would_go(saved, name):
    write(saved, members(saved) | {name: b"x"})
    assert "and nothing else" in refusal(saved)
    assert not list(saved.parent.parent.parent.rglob("outside"))


def test_what_unpacks_to_more_than_the_archive_is_refused_unread(saved):
    write(saved, members(saved) | {WEIGHTS: b"\0" * 50_000_000}, zipfile.ZIP_DEFLATED)
    assert saved.stat().st_size < 100_000
    assert "must not be compressed" in refusal(saved)


def test_a_member_that_stands_twice_is_refused(saved):
    contents = members(saved)
    write(saved, contents)
    with zipfile.ZipFile(saved, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("config.json", contents["config.json"])
    assert "and nothing else" in refusal(saved)


def test_the_refusal_names_the_stage_of_the_folder():
    with pytest.raises(InputError, match=r"^models/dense-8/seed-1.keras: no such file; run `dvc repro train@dense-8`$"):
        load_model(Path("models/dense-8/seed-1.keras"))
