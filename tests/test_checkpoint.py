"""Checkpoints: what is kept of a training, and what is made of it later, in whatever state it is."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from hemline.data.normalized import Labelled
from hemline.dependencies.running import code_of
from hemline.families.dense import DenseSettings
from hemline.jobs import checkpoint
from hemline.jobs.checkpoint import Checkpoints, StageCheckpoints, fingerprint
from hemline.jobs.result import TrainingResult
from hemline.training.model import save_model
from hemline.training.resume import TrainingState
from hemline.training.served import Interface, ServedModel
from hemline.training.trainer import Trainer, arrays_of

REPOSITORY = Path(__file__).parent.parent
KEY = "a" * 64
HISTORY = [{"epoch": 1, "loss": 0.1 + 0.2, "accuracy": 0.5, "at": 1_700_000_000_000}]
STATE = TrainingState(HISTORY, [np.float32([1.5, np.nan]), np.uint32([[7, 2**32 - 1]]), np.array(3.0, np.float32)])


@pytest.fixture
def kept(tmp_path):
    """Open checkpoints, and let go of them at the end."""
    opened = []

    def open_one(key=KEY, variant="tiny"):
        while opened:
            opened.pop().close(remove=False)
        opened.append(StageCheckpoints(variant, key, tmp_path / "checkpoints"))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close(remove=False)


FINISHED = TrainingResult(
    HISTORY,
    b"model",
    ServedModel(b"served", Interface("tiny", (2, 2), 2)),
    [{"layer": "flatten"}],
    ["a note"],
    {"validation": np.float32([[0.5, 0.5]]), "test": np.float32([[0.25, 0.75]])},
)


def file_of(tmp_path, name="seed-0.npz", key=KEY):
    return tmp_path / "checkpoints" / key[:16] / name


# The training itself.


def labelled():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 37)
    return Labelled(((generator.random((37, 4, 3)) + labels.reshape(-1, 1, 1)) / 3).astype(np.float32), labels)


@pytest.mark.parametrize(("optimizer", "dropout"), [("adam", 0.4), ("rmsprop", 0.0), ("sgd", 0.0)])
def test_a_training_that_goes_on_after_any_epoch_ends_with_the_bytes_of_one_that_was_never_ended(
    kept, tmp_path, optimizer, dropout
):
    training = DenseSettings(hidden=[6], epochs=4, batch_size=16, optimizer=optimizer, dropout=dropout)
    trainer = Trainer("tiny", training, 3, labelled(), {"val": labelled()})
    history, checkpoints = [], kept()

    def keep(state):
        checkpoints.keep(len(history), TrainingState(list(history), arrays_of(state)))

    save_model(trainer.fit(3, history.append, on_state=keep), tmp_path / "whole.keras")
    # Another process, hence another trainer; after the last epoch, too, whose model may not have been saved.
    other = Trainer("tiny", training, 3, labelled(), {"val": labelled()})
    for epoch in (1, 2, 3, 4):
        snapshot = checkpoints.state(epoch)
        rest = list(snapshot.history)
        save_model(other.fit(3, rest.append, after=snapshot), tmp_path / f"{epoch}.keras")
        assert rest == history
        assert (tmp_path / f"{epoch}.keras").read_bytes() == (tmp_path / "whole.keras").read_bytes()


def test_a_training_that_had_reached_its_threshold_trains_no_further():
    losses = []
    Trainer("tiny", DenseSettings(hidden=[], epochs=3, batch_size=16), 3, labelled()).fit(0, losses.append)
    training = DenseSettings(hidden=[], epochs=3, batch_size=16, stop_below_loss=losses[0]["loss"] + 1e-6)
    trainer, states = Trainer("tiny", training, 3, labelled()), []
    whole = trainer.fit(0, on_state=states.append)
    again = trainer.fit(0, lambda _: pytest.fail("trained"), after=TrainingState([losses[0]], arrays_of(states[0])))
    assert all(np.array_equal(*pair) for pair in zip(whole.get_weights(), again.get_weights(), strict=True))


# What is kept.


def test_a_snapshot_is_read_back_by_a_later_process_in_every_bit(kept):
    first = kept()
    first.keep(0, STATE)
    later = kept()
    found = later.state(0)
    assert found.history == HISTORY
    assert [(a.dtype, a.shape, a.tobytes()) for a in found.arrays] == [
        (a.dtype, a.shape, a.tobytes()) for a in STATE.arrays
    ]
    assert later.state(1) is None
    assert later.training_id == first.training_id


def test_a_finished_training_is_kept_and_needs_no_snapshot_any_more(kept):
    checkpoints = kept()
    checkpoints.keep(0, STATE)
    checkpoints.finish(0, FINISHED)
    later = kept()
    found = later.finished(0)
    assert found[:-1] == FINISHED[:-1]
    assert found.predicted["test"].tolist() == [[0.25, 0.75]]
    assert later.state(0) is None
    assert later.finished(1) is None


@pytest.mark.trials(few=20, many=1000)
def test_a_file_that_is_damaged_anywhere_is_never_taken_for_another_state(kept, tmp_path, capsys, repetitions):
    checkpoints = kept()
    checkpoints.keep(0, STATE)
    content = file_of(tmp_path).read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(repetitions):
        place = int(generator.integers(len(content)))
        flipped = content[:place] + bytes([content[place] ^ (1 << int(generator.integers(8)))]) + content[place + 1 :]
        for damaged in (content[:place], flipped):
            file_of(tmp_path).write_bytes(damaged)
            found = checkpoints.state(0)
            said = capsys.readouterr().out
            if found is None:
                assert said.count("\n") == 1
                assert said.startswith(f"tiny: {file_of(tmp_path)}: ")
                assert said.endswith(", and is ignored\n")
            else:  # a byte that says nothing, of the time say
                assert said == ""
                assert found.history == HISTORY
                assert [a.tobytes() for a in found.arrays] == [a.tobytes() for a in STATE.arrays]


def test_another_training_s_file_is_ignored_with_one_line(kept, tmp_path, capsys):
    kept("b" * 64).keep(0, STATE)
    checkpoints = kept()
    file_of(tmp_path).write_bytes(file_of(tmp_path, key="b" * 64).read_bytes())
    assert checkpoints.state(0) is None
    assert capsys.readouterr().out == f"tiny: {file_of(tmp_path)}: belongs to another training, and is ignored\n"


def test_a_worker_keeps_checkpoints_where_its_driver_may_and_goes_on_from_them(kept, tmp_path):
    driver = kept()
    worker = Checkpoints("tiny", KEY, driver.parent)
    worker.begin(0)
    worker.keep(0, STATE)
    assert driver.state(0).history == HISTORY
    assert Checkpoints("tiny", KEY, tmp_path / "checkpoints").state(0).history == HISTORY


@pytest.mark.parametrize("parent", [None, "of another machine"])
def test_a_worker_that_does_not_see_the_folder_keeps_none_and_says_nothing(tmp_path, capsys, parent):
    worker = Checkpoints("tiny", KEY, parent and tmp_path / parent)
    worker.begin(0)
    worker.keep(0, STATE)
    assert worker.state(0) is None
    assert not worker.due(0)
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_a_write_that_is_killed_leaves_the_checkpoint_before_it(kept, tmp_path, monkeypatch):
    checkpoints = kept()
    checkpoints.keep(0, STATE)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        checkpoints.keep(0, TrainingState([*HISTORY, *HISTORY], STATE.arrays))
    assert checkpoints.state(0).history == HISTORY


# When it is kept.


def test_a_checkpoint_is_due_after_some_seconds_and_then_after_a_hundred_times_what_the_last_one_cost(
    kept, monkeypatch
):
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    checkpoints = kept()
    checkpoints.begin(0)

    def due_after(seconds):
        clock[0] += seconds
        return checkpoints.due(0)

    assert not due_after(4.9)
    assert due_after(0.2)
    monkeypatch.setattr(checkpoint, "_write", lambda *_, **__: due_after(0.5))
    checkpoints.keep(0, STATE)
    assert not due_after(49.9)
    assert due_after(0.2)


def test_a_folder_that_cannot_be_written_costs_one_line(kept, tmp_path, capsys):
    checkpoints = kept()
    checkpoints.begin(0)
    for path in (tmp_path / "checkpoints").glob(f"{KEY[:16]}/*"):
        path.unlink()
    file_of(tmp_path).parent.rmdir()
    file_of(tmp_path).parent.write_text("no folder")
    checkpoints.keep(0, STATE)
    checkpoints.keep(0, STATE)
    assert not checkpoints.due(0)
    said = capsys.readouterr().out
    assert said.startswith("tiny: no more checkpoints: ")
    assert said.count("\n") == 1


def test_a_parent_that_is_no_folder_costs_one_line(tmp_path, capsys):
    (tmp_path / "checkpoints").write_text("no folder")
    checkpoints = StageCheckpoints("tiny", KEY, tmp_path / "checkpoints")
    assert checkpoints.finished(0) is None
    assert checkpoints.state(0) is None
    checkpoints.close(remove=True)
    assert capsys.readouterr().out.count("\n") == 1


def test_two_processes_that_train_the_same_do_not_share_a_folder(kept, tmp_path, capsys):
    kept().keep(0, STATE)
    code = f"from pathlib import Path; from hemline.jobs.checkpoint import *; \
c = StageCheckpoints('tiny', {KEY!r}, Path({str(tmp_path / 'checkpoints')!r})); c.begin(0); print(c.state(0), c.due(0))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout == "tiny: another process trains the same; this one keeps no checkpoints\nNone False\n"


def test_the_folder_is_removed_once_its_training_has_handed_on_everything(kept, tmp_path):
    checkpoints = kept()
    checkpoints.keep(0, STATE)
    checkpoints.close(remove=True)
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_of_abandoned_folders_ten_are_left_and_none_for_longer_than_two_weeks(kept, tmp_path):
    keys = [f"{number:016x}" for number in range(10)]
    for key in keys:
        kept(key).keep(0, STATE)
    for place, key in enumerate(keys):
        os.utime(file_of(tmp_path, key=key).parent, (time.time() - 2 * 86_400 * place - 60,) * 2)
    kept()
    # Of 0, 2, ... 12 days; those of 14 days and more are too old.
    assert {path.name for path in (tmp_path / "checkpoints").iterdir()} == {
        *(name for key in keys[:7] for name in (key, f"{key}.lock")),
        *(KEY[:16], f"{KEY[:16]}.lock"),
    }
    for key in (f"{number:016x}" for number in range(100, 114)):
        kept(key)
    kept()
    assert len([path for path in (tmp_path / "checkpoints").iterdir() if path.is_dir()]) == 11


# What a checkpoint is known by.

DIGESTS = {"train-images.npy": "1" * 64, "train-labels.npy": "2" * 64}
SETTINGS = {"variant": "tiny", "training": {"hidden": [4]}}


def test_a_fingerprint_is_the_same_for_the_same_and_another_for_anything_else(monkeypatch):
    usual = fingerprint(SETTINGS, DIGESTS)
    assert usual == fingerprint(dict(reversed(SETTINGS.items())), dict(reversed(DIGESTS.items())))
    others = [fingerprint(SETTINGS | {"variant": "other"}, DIGESTS)]
    others += [fingerprint(SETTINGS, DIGESTS | {name: "3" * 64}) for name in (*DIGESTS, "test-images.npy")]
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "version", lambda _: "0")
        others.append(fingerprint(SETTINGS, DIGESTS))
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "is_target", lambda: False)
        others.append(fingerprint(SETTINGS, DIGESTS))
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "code_digest", lambda *_: "0")
        others.append(fingerprint(SETTINGS, DIGESTS))
    assert len({usual, *others}) == 1 + len(others)


def test_the_code_and_the_libraries_of_a_fingerprint_are_those_that_dvc_knows_for_a_training():
    train = YAML(typ="safe", pure=True).load(REPOSITORY / "dvc.yaml")["stages"]["train"]["do"]
    assert code_of("train") == [path for path in train["deps"] if path.startswith(("hemline/", "stages/"))]
    (versions,) = (each["versions.yaml"] for each in train["params"] if isinstance(each, dict))
    assert [*checkpoint.LIBRARIES] == versions
