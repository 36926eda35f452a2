import hashlib
from unittest.mock import Mock

import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem

from hemline.errors import InputError
from hemline.families.dense import DenseSettings
from hemline.jobs.job import TrainingSpec
from hemline.jobs.result import TrainingResult
from hemline.jobs.settings import Settings
from hemline.jobs.trained import Trained
from hemline.params import Normalize
from hemline.training.served import Interface, ServedModel
from stages import train

FIGURES = {"loss": 0.1 + 0.2, "accuracy": 1e-05}
SETTINGS = Settings(variant="tiny", dataset="tiny", normalize=Normalize(), training=DenseSettings(hidden=[8]))
LAYERS = [
    {"layer": "flatten", "type": "Flatten", "output_shape": "6", "parameters": 0},
    {"layer": "probabilities", "type": "Dense", "output_shape": "3", "parameters": 21},
]
PROBABILITIES = np.full((1, 4, 3), 1 / 3, np.float32)  # seeds, images, classes


def written(folder, history=({"seed": 0, "epoch": 1} | FIGURES,), probabilities=PROBABILITIES):
    trained = Trained("tiny", folder)
    trained.create(SETTINGS)
    trained.write(history, LAYERS, {"test": probabilities})
    return trained


def test_the_history_is_in_the_order_of_seeds_and_epochs_whatever_ended_first(tmp_path):
    history = [{"seed": seed, "epoch": epoch} | FIGURES for epoch in range(10, 0, -1) for seed in (10, 9)]
    table = written(tmp_path, history).history()
    expected = [[seed, epoch] for seed in (9, 10) for epoch in range(1, 11)]
    assert table[["seed", "epoch"]].to_numpy().tolist() == expected


def test_probabilities_of_each_seed_and_of_all_together_make_equal_files(tmp_path):
    array = np.random.default_rng(0).random((3, 4, 2), np.float32)
    (tmp_path / "together").mkdir()
    (tmp_path / "each").mkdir()
    together = written(tmp_path / "together", probabilities=array)
    each = written(tmp_path / "each", probabilities=list(array))
    np.save(tmp_path / "expected.npy", array)
    contents = {(trained.path / "test-probabilities.npy").read_bytes() for trained in (together, each)}
    assert contents == {(tmp_path / "expected.npy").read_bytes()}


def test_the_history_has_every_digit_and_empty_places_where_there_is_no_validation_set(tmp_path):
    trained = written(tmp_path)
    assert (trained.path / "history.csv").read_bytes() == (
        b"seed,epoch,loss,accuracy,val_loss,val_accuracy\n0,1,0.30000000000000004,1e-05,,\n"
    )
    assert trained.history().val_loss.isna().all()


def test_figures_of_a_further_set_have_columns_of_their_own(tmp_path):
    table = written(tmp_path, [{"seed": 0, "epoch": 1, "test_loss": 0.5} | FIGURES]).history()
    assert table.test_loss.tolist() == [0.5]


@pytest.mark.parametrize("files", [None, LocalFileSystem()], ids=["of the workspace", "of a revision"])
def test_what_is_written_is_read(tmp_path, files):
    written(tmp_path)
    trained = Trained("tiny", tmp_path, files)
    assert trained.settings() == SETTINGS
    assert trained.layers().to_dict("records") == LAYERS
    np.testing.assert_array_equal(trained.probabilities("test"), PROBABILITIES, strict=True)


def test_settings_of_before_there_was_a_key_are_those_of_its_default(tmp_path):
    trained = written(tmp_path)
    path = trained.path / "settings.json"
    path.write_text(path.read_text().replace('"dropout": 0.0,', ""))
    assert "dropout" not in path.read_text()
    assert trained.settings() == SETTINGS


def test_a_model_is_known_by_the_digest_of_its_file(tmp_path):
    trained = written(tmp_path)
    trained.model_path(3).write_bytes(b"a model")
    assert trained.model_sha256(3) == hashlib.sha256(b"a model").hexdigest()
    with pytest.raises(InputError, match=r"tiny/seed-4.keras: no such file; run `dvc repro train@tiny`$"):
        trained.model_sha256(4)


@pytest.mark.parametrize(
    ("probabilities", "got"),
    [
        (PROBABILITIES.astype(np.float64), r"float64 \(1, 4, 3\)"),
        (PROBABILITIES[0], r"float32 \(4, 3\)"),
        (PROBABILITIES.argmax(axis=-1), r"int64 \(1, 4\)"),
    ],
)
def test_probabilities_of_another_type_or_shape_are_refused(tmp_path, probabilities, got):
    trained = written(tmp_path)
    np.save(trained.path / "test-probabilities.npy", probabilities)
    rule = r"test-probabilities.npy: must be float32 \(seeds, images, classes\), got " + got
    with pytest.raises(InputError, match=rf"{rule}; run `dvc repro train@tiny`$"):
        trained.probabilities("test")


EDITS = {
    "a column is missing": ("val_accuracy", "val", "must have the columns ['val_accuracy']"),
    "a number is none": ("0,2,", "0,2,many", "must hold numbers, but has others in ['loss']"),
    "an epoch is missing": ("0,2,", "0,3,", "must have every epoch from 1 on once for seed 0"),
    "an epoch stands twice": ("0,2,", "0,1,", "must have every epoch from 1 on once for seed 0"),
}


@pytest.mark.parametrize(("old", "new", "rule"), EDITS.values(), ids=EDITS)
def test_a_history_that_somebody_edited_is_refused(tmp_path, old, new, rule):
    trained = written(tmp_path, [{"seed": 0, "epoch": epoch} | FIGURES for epoch in (1, 2)])
    path = trained.path / "history.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError) as caught:
        trained.history()
    assert str(caught.value) == f"{path}: {rule}; run `dvc repro train@tiny`"


def test_probabilities_of_other_seeds_than_the_history_has_are_refused(tmp_path):
    trained = written(tmp_path, [{"seed": seed, "epoch": 1} | FIGURES for seed in range(5)])
    with pytest.raises(InputError, match=r"must be of as many seeds as history.csv, 5, got \d; run `dvc repro train@t"):
        trained.probabilities("test")


def test_the_train_stage_holds_the_predictions_of_finished_trainings_in_files(tmp_path):
    draft = Trained("tiny", tmp_path)
    draft.create(SETTINGS)
    spec = TrainingSpec("k", SETTINGS, record_test=False, data=tmp_path, digests={})
    run = train._Run(spec, draft, Mock(), Mock())
    predicted = np.random.default_rng(0).random((4, 3), np.float32)
    run._finish(
        0,
        TrainingResult([], b"model", ServedModel(b"served", Interface("tiny", (2, 2), 3)), [], [], {"test": predicted}),
    )
    (held,) = run.results[0].predicted.values()
    assert isinstance(held.base, np.memmap)
    np.testing.assert_array_equal(held, predicted)
    # The model is in its file, and nothing else is handed on yet.
    assert (draft.model_path(0).read_bytes(), run.results[0].model) == (b"model", b"")
    assert sorted(path.name for path in draft.path.iterdir()) == ["seed-0.keras", "settings.json"]
