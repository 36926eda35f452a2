"""Executor as jobs: what a stage asks of whoever does them, here of threads of this process."""

import signal
import threading
import time
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from hemline.data.normalized import About, Normalized
from hemline.families.dense import DenseSettings
from hemline.jobs import job as jobs
from hemline.jobs import run
from hemline.jobs.checkpoint import StageCheckpoints
from hemline.jobs.job import TrainingJob, TrainingSpec
from hemline.jobs.run import train_one
from hemline.jobs.settings import Settings
from hemline.jobs.threads import Threads
from hemline.params import Normalize
from hemline.training import held, learner

PATIENCE = 300  # seconds; no expectation, only an end to waiting
BEYOND = 100_000  # epochs: never the last


@pytest.fixture
def data(tmp_path):
    generator = np.random.default_rng(0)
    images = generator.random((37, 4, 3)).astype(np.float32)
    folder = tmp_path / "normalized"
    folder.mkdir()
    for name in ("train", "validation", "test"):
        np.save(folder / f"{name}-images.npy", images)
        np.save(folder / f"{name}-labels.npy", np.arange(37) % 3)
    (folder / "about.json").write_text(About(classes=["a", "b", "c"], scale=1).model_dump_json())
    return Normalized(folder)


@pytest.fixture
def spec(data):
    def make(record_test=False, **training):
        settings = Settings(
            variant="tiny",
            dataset="tiny",
            normalize=Normalize(scale=1),
            training=DenseSettings(**({"hidden": [5], "epochs": 2, "batch_size": 16} | training)),
        )
        digests = data.digests(test_labels=record_test)
        return replace(TrainingSpec.of(settings, digests, record_test=record_test), data=data.path)

    return make


class TrainingCallbacks:
    """Notes what it is told."""

    def __init__(self, on_epoch=lambda *_: None):
        self.events, self.ask, self._on_epoch = [], False, on_epoch

    def begin(self, seed, earlier):
        self.events.append((seed, "begin", len(earlier)))

    def epoch(self, seed, row):
        self.events.append((seed, "epoch", row["epoch"]))
        self._on_epoch(seed, row)

    def asked_to_end(self, seed):  # noqa: ARG002 - all alike
        return self.ask


def same(first, second):
    return (
        first.model == second.model
        and first.served.content == second.served.content
        and all(np.array_equal(first.predicted[name], second.predicted[name]) for name in first.predicted)
        and [{k: v for k, v in row.items() if k not in {"seconds", "at"}} for row in first.history]
        == [{k: v for k, v in row.items() if k not in {"seconds", "at"}} for row in second.history]
    )


def test_a_training_begins_then_tells_its_epochs_in_order(spec):
    callbacks = TrainingCallbacks()
    with Threads() as threads:
        futures = [threads.submit(TrainingJob(spec(epochs=3), seed), callbacks) for seed in (4, 9, 2)]
        results = [future.result(PATIENCE) for future in futures]
    for seed, result in zip((4, 9, 2), results, strict=True):
        told = [(kind, number) for who, kind, number in callbacks.events if who == seed]
        assert told == [("begin", 0), ("epoch", 1), ("epoch", 2), ("epoch", 3)]
        assert [row["epoch"] for row in result.history] == [1, 2, 3]
        assert all(row["seconds"] > 0 and abs(row["at"] / 1000 - time.time()) < PATIENCE for row in result.history)


def test_an_outcome_is_the_same_beside_others_and_alone_and_survives_a_checkpoint(spec, tmp_path):
    jobs = [TrainingJob(spec(dropout=0.3), seed) for seed in range(3)]
    with Threads() as threads:
        futures = [threads.submit(job, TrainingCallbacks()) for job in jobs]
        beside = [future.result(PATIENCE) for future in futures]
    for job, result in zip(jobs, beside, strict=True):
        run._shared.cache_clear()
        learner._kept.clear()
        assert same(train_one(job, TrainingCallbacks()), result)
        checkpoints = StageCheckpoints("tiny", job.spec.key, tmp_path / "checkpoints")
        checkpoints.finish(job.seed, result)
        kept = checkpoints.finished(job.seed)
        checkpoints.close(remove=True)
        assert same(kept, result)
        assert (kept.layers, kept.served) == (result.layers, result.served)


def test_the_served_model_takes_raw_pixels_and_says_its_shape(spec):
    result = train_one(TrainingJob(spec(), 0), TrainingCallbacks())
    assert result.served.interface == ("tiny", (4, 3), 3)
    assert result.served.content != result.model
    assert [layer["layer"] for layer in result.layers] == ["flatten", "dense-1", "probabilities"]
    assert {name: array.shape for name, array in result.predicted.items()} == {"validation": (37, 3), "test": (37, 3)}


def test_no_label_of_the_test_set_is_read_unless_its_figures_are_recorded(spec, data):
    with_test = train_one(TrainingJob(spec(record_test=True), 0), TrainingCallbacks())
    assert "test_loss" in with_test.history[0]
    (data.path / "test-labels.npy").unlink()
    without = train_one(TrainingJob(spec(), 0), TrainingCallbacks())
    assert "test_loss" not in without.history[0]
    assert without.model == with_test.model


def test_a_training_that_is_asked_to_end_keeps_its_state_and_goes_on_from_it(spec, tmp_path):
    whole = train_one(TrainingJob(spec(epochs=6), 0), TrainingCallbacks())
    job = TrainingJob(spec(epochs=6), 0, checkpoints=tmp_path)

    def ask(seed, row):
        callbacks.ask = row["epoch"] == 4

    callbacks = TrainingCallbacks(ask)
    with pytest.raises(CancelledError):
        train_one(job, callbacks)
    again = TrainingCallbacks()
    assert same(train_one(job, again), whole)
    assert again.events == [(0, "begin", 4), (0, "epoch", 5), (0, "epoch", 6)]


def test_what_was_asked_to_end_before_it_began_begins_not_at_all(spec):
    callbacks = TrainingCallbacks()
    callbacks.ask = True
    with pytest.raises(CancelledError):
        train_one(TrainingJob(spec(), 0), callbacks)
    assert callbacks.events == []


def test_trainings_that_are_stopped_end_after_their_epoch_and_those_that_wait_begin_not_at_all(spec):
    going = threading.Event()
    callbacks = TrainingCallbacks(lambda *_: going.set())
    with Threads() as threads:
        futures = [threads.submit(TrainingJob(spec(epochs=BEYOND), seed), callbacks) for seed in range(6)]
        assert going.wait(PATIENCE)
        threads.stop()
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(PATIENCE)
    assert max(number for _, kind, number in callbacks.events if kind == "epoch") < BEYOND
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("training")]


def test_a_watch_that_fails_fails_the_training_and_leaves_no_thread(spec):
    def fail(*_):
        raise OSError("disk full")

    with Threads() as threads, pytest.raises(OSError, match="disk full"):
        threads.submit(TrainingJob(spec(epochs=BEYOND), 0), TrainingCallbacks(fail)).result(PATIENCE)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("training")]
    # What was compiled for it is of use to the next.
    assert train_one(TrainingJob(spec(), 0), TrainingCallbacks()).history


def test_ctrl_c_waits_for_no_epoch(spec):
    going, release = threading.Event(), threading.Event()

    def wait(*_):
        going.set()
        release.wait(PATIENCE)

    with suppress(KeyboardInterrupt), Threads() as threads:
        future = threads.submit(TrainingJob(spec(epochs=BEYOND), 0), TrainingCallbacks(wait))
        assert going.wait(PATIENCE)
        signal.raise_signal(signal.SIGINT)
    assert not future.done()
    release.set()
    with pytest.raises(CancelledError):
        future.result(PATIENCE)


def test_a_longer_training_begins_where_a_shorter_one_with_the_same_settings_has_ended(spec, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    told, keys = TrainingCallbacks(), {"trial": True, "longer": spec(epochs=4).key}
    shorter = TrainingJob(spec(epochs=1), 0, 1, tmp_path / "checkpoints", goes_on=True, **keys)
    longer = TrainingJob(spec(epochs=4), 0, 1, tmp_path / "checkpoints", **keys)
    first, resumed = train_one(shorter, TrainingCallbacks()), train_one(longer, told)
    assert told.events == [(0, "begin", 1), *((0, "epoch", number) for number in (2, 3, 4))]
    assert [row["epoch"] for row in first.history] == [1]
    alone = train_one(TrainingJob(spec(epochs=4), 0, trial=True), TrainingCallbacks())
    np.testing.assert_array_equal(resumed.predicted["validation"], alone.predicted["validation"])
    # The longest one leaves no state for another.
    assert [row["epoch"] for row in resumed.history] == [1, 2, 3, 4]


def test_seeds_share_a_trainer_and_another_recipe_has_its_own(spec, monkeypatch):
    run._shared.cache_clear()
    learner._kept.clear()
    made = []
    monkeypatch.setattr(learner, "Trainer", lambda *args, **kwargs: made.append(args) or Real(*args, **kwargs))
    for seed in (0, 1):
        train_one(TrainingJob(spec(), seed), TrainingCallbacks())
    assert len(made) == 1
    train_one(TrainingJob(spec(hidden=[6]), 0), TrainingCallbacks())
    assert len(made) == 2


def test_variants_share_the_data_in_memory_and_other_data_is_read_anew(spec, data, monkeypatch):
    run._shared.cache_clear()
    learner._kept.clear()
    held._held.cache_clear()
    copies = []
    monkeypatch.setattr(held, "hold", lambda labelled: copies.append(labelled) or hold(labelled))
    for hidden in ([5], [6], [7]):
        train_one(TrainingJob(spec(hidden=hidden), 0), TrainingCallbacks())
    assert len(copies) == 2  # for training, and for watching
    before = train_one(TrainingJob(spec(), 0), TrainingCallbacks())
    np.save(data.path / "train-images.npy", 1 - data.images("train"))
    after = train_one(TrainingJob(spec(), 0), TrainingCallbacks())
    assert len(copies) == 3
    assert after.model != before.model


def test_a_job_is_known_by_all_that_determines_its_result(spec):
    usual = TrainingJob(spec(), 0)
    assert usual.key == TrainingJob(spec(), 0, concurrent_trainings=4, checkpoints=jobs.Path("elsewhere")).key
    others = [TrainingJob(spec(), 1), TrainingJob(spec(epochs=3), 0), TrainingJob(spec(record_test=True), 0)]
    assert len({usual.key, *(each.key for each in others)}) == 4


Real, hold = learner.Trainer, held.hold
