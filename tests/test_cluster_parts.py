"""What trainings on a cluster are made of, with a scheduler in this process and no training."""

import os
import signal
import socket
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from unittest.mock import Mock

import dask
import numpy as np
import pytest
from distributed import Client, KilledWorker, LocalCluster
from distributed.comm import CommClosedError
from distributed.security import Security
from pipelines_for_tests import wait_until

from hemline.__main__ import main as hemline
from hemline.cluster import published, worker
from hemline.cluster.connect import connect, security, set_worker_defaults
from hemline.cluster.identity import differences, identity, resource
from hemline.cluster.trainings import _PRIORITY, Cluster, _Early, _in_words
from hemline.data.normalized import Normalized
from hemline.errors import InputError
from hemline.families.dense import DenseSettings
from hemline.jobs.job import LostError, TrainingJob, TrainingSpec
from hemline.jobs.result import TrainingResult
from hemline.jobs.settings import Settings
from hemline.params import Normalize
from hemline.processes.ports import HOST

LOCAL_FOLDER = worker.local_folder


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(
        n_workers=1,
        processes=False,
        protocol="tcp",
        host=HOST,
        dashboard_address=f"{HOST}:0",
        scheduler_kwargs={"dashboard": False},
    ) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    """Somebody who looks, and after whom nothing is published any more."""
    with Client(cluster, set_as_default=False) as client:
        yield client
        for name in client.list_datasets():
            client.unpublish_dataset(name)


@pytest.fixture
def spec(tmp_path):
    """A spec for a data set that this machine sees."""
    folder = tmp_path / "normalized"
    folder.mkdir()
    for name in ("train", "validation", "test"):
        np.save(folder / f"{name}-images.npy", np.arange(24, dtype=np.float32).reshape(4, 3, 2))
        np.save(folder / f"{name}-labels.npy", np.arange(4))
    (folder / "about.json").write_text('{"classes": ["a", "b"], "scale": 1}')
    digests = Normalized(folder).digests(test_labels=False)
    settings = Settings(variant="tiny", dataset="tiny", normalize=Normalize(), training=DenseSettings(hidden=[]))
    return TrainingSpec("k" * 64, settings, record_test=False, data=folder, digests=digests)


# The way to the scheduler.


def test_a_scheduler_is_found_by_its_address_and_by_its_file(cluster, tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    (tmp_path / "workers.json").write_text(f'{{"address": "{cluster.scheduler_address}"}}')
    for name in (cluster.scheduler_address, "workers.json"):
        with connect(name) as client:
            assert client.scheduler.address == cluster.scheduler_address


def test_an_address_where_nobody_answers_is_one_line(monkeypatch):
    monkeypatch.setattr("hemline.cluster.connect._PATIENCE", 1)
    with pytest.raises(InputError, match=rf"^cluster: tcp://{HOST}:1: no answer \(.*\); start the workers"):
        connect(f"tcp://{HOST}:1")


def test_who_takes_the_connection_and_stays_silent_is_one_line(monkeypatch):
    for name in ("_PATIENCE", "_MORE_PATIENCE"):
        monkeypatch.setattr(f"hemline.cluster.connect.{name}", 0.3)
    with socket.create_server((HOST, 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(InputError, match=rf"^cluster: tcp://{HOST}:{port}: no answer \(.*\); start"):
            connect(f"tcp://{HOST}:{port}")


@pytest.mark.parametrize("address", ["5", '"garbage"', '"http://x:1"', '"ucx://127.0.0.1:1"'])
def test_a_file_without_a_usable_address_is_one_line(address, tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    (tmp_path / "odd.json").write_text(f'{{"address": {address}}}')
    with pytest.raises(InputError, match=r"^cluster: odd.json: is no way to a scheduler \([^\n]+\); start the workers"):
        connect("odd.json")


def test_dask_s_settings_of_tls_are_heeded(tmp_path):
    temporary = Security.temporary()
    names = {"ca-file": temporary.tls_ca_file}
    for role in ("client", "scheduler", "worker"):
        names |= {
            f"{role}.cert": getattr(temporary, f"tls_{role}_cert"),
            f"{role}.key": getattr(temporary, f"tls_{role}_key"),
        }
    settings = {}
    for name, text in names.items():
        (tmp_path / name).write_text(text)
        settings[f"distributed.comm.tls.{name}"] = str(tmp_path / name)
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=0,
            processes=False,
            host=HOST,
            dashboard_address=f"{HOST}:0",
            scheduler_kwargs={"dashboard": False},
            security=Security(),
            protocol="tls",
        ) as cluster,
        connect(cluster.scheduler_address) as client,
    ):
        assert client.scheduler.address.startswith("tls://")
        assert security(client.scheduler.address) == ""


def test_who_connects_without_tls_is_told_who_can_run_code_there():
    assert security(f"tcp://{HOST}:8786") == "without TLS: whoever has an account on this machine can run code there"
    assert security("tcp://node7:8786") == "without TLS: whoever reaches tcp://node7:8786 can run code there"


# Who may train.


def test_a_process_that_was_not_started_for_the_target_offers_something_else(monkeypatch):
    monkeypatch.setattr("hemline.cluster.identity.was_fixed_at_start", lambda: False)
    driver, worker = identity(worker=False), identity(worker=True)
    assert differences(driver, worker) == "libraries that were loaded for another processor target"
    assert resource(driver) != resource(worker)


def test_what_differs_is_named_with_both_versions():
    own = identity(worker=False)
    other = own | {"tensorflow": "2.0", "code": "x"}
    assert differences(own, other) == (
        f"other code in hemline/training, or in what it needs, tensorflow 2.0 (here {own['tensorflow']})"
    )
    assert differences(own, dict(own)) == ""
    assert resource(other) != resource(own) == resource(dict(reversed(own.items())))


# What is published.


def kept(client):
    """Return the keys under which something is published."""
    return {name.rpartition("@")[0] for name in client.list_datasets()}


def test_what_was_published_outlives_its_client_until_it_is_taken_back(cluster, client):
    with Client(cluster, set_as_default=False) as other:
        published.publish(other, "training-a", other.submit(int, "7", key="training-a"))
    assert client.get_dataset(*client.list_datasets()).result() == 7
    published.unpublish(client, ["training-b"])
    assert kept(client) == {"training-a"}
    published.unpublish(client, ["training-a"])
    assert not kept(client)


@pytest.mark.parametrize(("settings", "seconds"), [({}, 86_401), ({"hemline.expire": "1 minute"}, 61)])
def test_what_nobody_fetches_expires_after_a_day_or_as_dask_s_settings_say(client, monkeypatch, settings, seconds):
    published.publish(client, "training-a", client.submit(int, "7", key="training-a"))
    client.publish_dataset(1, name="another project's@home")
    published.expire(client)
    assert "training-a" in kept(client)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds)
    with dask.config.set(settings):
        published.expire(client)
    assert client.list_datasets() == ("another project's@home",)


# The data.


def test_a_worker_reads_the_folder_that_the_driver_reads_or_else_its_own(spec, tmp_path, monkeypatch):
    assert worker.local_folder(spec, "w") == spec.data
    monkeypatch.setattr(worker, "_OWN", spec.data)
    elsewhere = replace(spec, data=tmp_path / "nowhere")
    assert worker.local_folder(elsewhere, "w") == spec.data


def test_a_worker_with_another_data_set_is_refused_by_name(spec):
    worker.local_folder(spec, "w")
    changed = Normalized(spec.data).images("train") + 1
    np.save(spec.data / "train-images.npy", changed)
    with pytest.raises(LostError, match=r"^worker w: .*train-images.npy: is not the file that the driver has$"):
        worker.local_folder(spec, "w")


def test_a_worker_without_the_data_set_ends_the_stage_in_one_line_that_says_what_to_do(
    trainings, spec, working, tmp_path, monkeypatch
):
    monkeypatch.setattr(worker, "local_folder", LOCAL_FOLDER)
    monkeypatch.setattr(worker, "_OWN", tmp_path / "none")  # the repository may have one
    elsewhere = replace(spec, data=tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"^cluster: tcp:\S+: worker \S+: does not see .*; run `dvc repro"):
        trainings.submit(TrainingJob(elsewhere, 0), callbacks())


# The order of epochs.


def test_events_that_come_early_wait_for_those_before_them():
    told, early = [], _Early()
    early.take("third", told.append)
    assert told == []
    early.end(["first", "second"], told.append)
    early.take("fourth", told.append)
    assert told == ["first", "second", "third", "fourth"]


def test_a_thousand_epochs_a_second_are_few_events_that_tell_of_each_once_and_in_order(spec, monkeypatch):
    here, events = Mock(), []
    here.log_event = lambda _, event: events.append(event)
    monkeypatch.setattr(worker, "get_worker", lambda: here)
    monkeypatch.setattr(worker, "local_folder", lambda *_: spec.data)

    def train_one(job, callbacks):
        callbacks.begin(job.seed, [])
        for epoch in range(1000):
            callbacks.epoch(job.seed, {"epoch": epoch + 1})
        raise InputError("no memory")

    monkeypatch.setattr(worker, "train_one", train_one)
    began = time.monotonic()
    with pytest.raises(InputError, match="no memory"):
        worker.on_worker(TrainingJob(spec, 5))
    assert events[0] == {"seed": 5, "begin": []}
    assert events[1] == {"seed": 5, "epochs": [{"epoch": 1}]}
    assert [row["epoch"] for event in events[1:] for row in event["epochs"]] == list(range(1, 1001))
    assert len(events) <= 3 + (time.monotonic() - began) / worker._BETWEEN


# The scheduler's pulse.


@pytest.fixture
def trainings(cluster, client):  # ... which forgets what is ordered
    with Cluster(cluster.scheduler_address) as trainings:
        yield trainings


@pytest.fixture
def working(cluster, spec, monkeypatch):
    """The worker of this process made one that trains, and what it gives; without TensorFlow."""
    result = TrainingResult([], b"model", None, [], [], {})
    monkeypatch.setattr(worker, "local_folder", lambda *_: spec.data)
    monkeypatch.setattr(worker, "train_one", lambda *_: result)
    # Its identity is that of the tests' process, which was started in whatever way.
    monkeypatch.setattr(worker, "identity_here", lambda: identity(worker=False))
    (state,) = (each.state for each in cluster.workers.values())
    name = resource(identity(worker=False))
    cluster.scheduler.add_resources(next(iter(cluster.scheduler.workers)), {name: 1})
    state.total_resources[name] = state.available_resources[name] = 1
    return result


def result_of(trainings, future):
    """Wait as a stage does."""
    while not future.done():
        trainings.check_alive()
        time.sleep(0.05)
    return future.result()


def callbacks(**told):
    return Mock(asked_to_end=lambda _: False, **told)


def wait_until_all_is_told(trainings):
    last = callbacks()
    trainings._events.put((last, (0.0, {"seed": 0, "begin": []})))
    wait_until(lambda: last.begin.called)


def test_a_training_that_failed_for_another_stage_is_tried_anew(cluster, trainings, spec, working, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(worker, "train_one", Mock(side_effect=InputError("no memory")))
        other = Cluster(cluster.scheduler_address)
        with pytest.raises(InputError, match="no memory"):
            result_of(other, other.submit(TrainingJob(spec, 1), callbacks()))
        other._client.close()  # killed, so that its failure stays published
    assert trainings._states([TrainingJob(spec, 1).key]) == {TrainingJob(spec, 1).key: "erred"}
    assert result_of(trainings, trainings.submit(TrainingJob(spec, 1), callbacks())) == working


def test_a_training_that_begins_now_is_not_told_epochs_of_an_earlier_one_and_one_that_is_known_is(
    client, trainings, spec, working
):
    epoch = {"seed": 2, "epochs": [{"epoch": 1}]}
    for place, known in enumerate([False, True]):
        job, watcher = TrainingJob(spec, 2 + place), callbacks()
        client.log_event(job.key, epoch)
        if known:
            published.publish(client, job.key, client.submit(lambda: working, key=job.key))
        assert result_of(trainings, trainings.submit(job, watcher)) == working
        wait_until_all_is_told(trainings)
        assert watcher.epoch.call_count == known


def test_what_others_will_want_comes_after_what_this_stage_wants(trainings, spec, working, monkeypatch):
    ordered = {}
    monkeypatch.setattr(trainings, "_order", lambda job, priority, _: ordered.update({job.key: priority}))
    trainings._prefetch(lambda: for_later(spec, "abc"), lambda: {"a", "c"})
    assert list(ordered.values()) == [0, -1]
    assert [key.split("-")[1] for key in ordered] == ["a", "c"]
    assert max(ordered.values()) < _PRIORITY


def test_a_scheduler_that_does_not_answer_for_half_a_minute_is_given_up(trainings, monkeypatch):
    trainings.check_alive()
    monkeypatch.setattr("hemline.cluster.trainings.time", Mock(monotonic=lambda: trainings._pulse + waited))
    trainings._asked, waited = Future(), 29
    trainings.check_alive()
    waited = 31
    with pytest.raises(
        InputError, match=r"^cluster: tcp://\S+: the scheduler has not answered for 31 s; finished trainings"
    ):
        trainings.check_alive()


def test_a_scheduler_that_falls_silent_or_goes_at_any_question_is_one_line(trainings, monkeypatch):
    monkeypatch.setattr("hemline.cluster.trainings._SILENCE", 0.2)
    with pytest.raises(
        InputError, match=r"^cluster: tcp://\S+: the scheduler has not answered for 0 s; finished trainings"
    ):
        trainings._ask(threading.Event().wait)
    monkeypatch.undo()
    with pytest.raises(InputError, match=r"^cluster: tcp://\S+: the scheduler has gone; finished trainings"):
        trainings._ask(Mock(side_effect=CommClosedError("closed")))


def test_a_scheduler_that_is_silent_keeps_nobody_from_stopping(trainings, monkeypatch):
    monkeypatch.setattr("hemline.cluster.trainings._SHUTDOWN_TIMEOUT", 0.2)
    monkeypatch.setattr("hemline.cluster.trainings.unpublish", lambda *_: threading.Event().wait())
    trainings.stop()
    trainings.acknowledge(Mock(key="training"))


def test_a_scheduler_that_was_given_up_is_asked_nothing_more_and_nobody_waits_for_it(trainings, monkeypatch):
    trainings._gone("has gone")
    unpublish = Mock()
    monkeypatch.setattr("hemline.cluster.trainings.unpublish", unpublish)
    waited_for = trainings._submitted["training"] = Future()
    trainings.stop()
    assert not unpublish.called
    assert waited_for.cancelled()


def test_a_training_that_died_with_its_workers_is_told_in_words_and_another_error_as_it_is():
    settings = Mock(variant="dense-4")
    job = TrainingJob(TrainingSpec("k", settings, record_test=False, data=None, digests={}), 3)
    killed = KilledWorker("training-k-3", Mock(address="tcp://node:1"), 3)
    assert str(_in_words(killed, job)).startswith(
        "dense-4, seed 3: each of 4 workers died of it, tcp://node:1 last; it may need more memory than they have"
    )
    error = InputError("no more")
    assert _in_words(error, job) is error


# The command that starts a worker.


@pytest.mark.parametrize(
    ("arguments", "got"), [([], "None"), (["nonsense"], "'nonsense'"), (["tcp://host"], "'tcp://host'")]
)
def test_a_worker_without_the_address_of_a_scheduler_is_one_line(monkeypatch, arguments, got):
    with pytest.raises(SystemExit, match=f"^error: scheduler: must be an address, such as tcp://host:8786, got {got}$"):
        hemline(["worker", *arguments])


def for_later(spec, names):
    settings = {key: spec.settings.model_copy(update={"variant": key}) for key in names}
    return [TrainingJob(replace(spec, key=key, settings=settings[key]), 0) for key in names]


@pytest.fixture
def interrupted(monkeypatch):
    """Ctrl-C comes when a training is with the scheduler, but is published there only after others are taken back."""
    taken_back = threading.Event()

    def publish_late(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        taken_back.wait(1)
        published.publish(*arguments)

    def unpublish_first(*arguments):
        published.unpublish(*arguments)
        taken_back.set()
        time.sleep(1)

    monkeypatch.setattr("hemline.cluster.trainings.publish", publish_late)
    monkeypatch.setattr("hemline.cluster.trainings.unpublish", unpublish_first)


def order_for_others(trainings, spec):
    trainings.prefetch(lambda: for_later(spec, "ab"), lambda: {"a", "b"})
    time.sleep(10)  # until it is interrupted


def test_what_is_ordered_for_others_while_a_stage_is_interrupted_is_taken_back(
    cluster, client, spec, working, interrupted
):
    with pytest.raises(KeyboardInterrupt), Cluster(cluster.scheduler_address) as trainings:
        order_for_others(trainings, spec)
    assert len(trainings._ordered) == 1
    assert not client.list_datasets()


def test_epochs_that_a_worker_kept_but_had_not_told_of_are_told_by_its_successor(trainings):
    watcher = callbacks()
    trainings._tell(watcher, (0.0, {"seed": 0, "epochs": [{"epoch": 1}]}))
    trainings._tell(watcher, (0.0, {"seed": 0, "begin": [{"epoch": 1}, {"epoch": 2}]}))
    watcher.begin.assert_called_once_with(0, [{"epoch": 1}, {"epoch": 2}])
    assert [call.args[1]["epoch"] for call in watcher.epoch.call_args_list] == [1, 1, 2]


def test_a_stage_that_stops_is_told_of_no_further_epoch(trainings):
    watcher = callbacks()
    trainings._tell(watcher, (0.0, {"seed": 0, "epochs": [{"epoch": 1}]}))
    trainings.stop()
    trainings._tell(watcher, (0.0, {"seed": 0, "epochs": [{"epoch": 2}]}))
    assert [call.args[1]["epoch"] for call in watcher.epoch.call_args_list] == [1]


def test_a_worker_that_dies_may_take_minutes_to_start_again():
    with dask.config.set({}):  # what is set goes with the block
        set_worker_defaults()
        assert dask.utils.parse_timedelta(dask.config.get("distributed.deploy.lost-worker-timeout")) > 600
