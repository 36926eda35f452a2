"""Start workers on this machine, or stop them: they keep TensorFlow and compiled programs loaded between stages.

Writes: .hemline/workers.json, for `cluster` in params.yaml, and .hemline/workers.log
Run:    hemline workers --count 2
        hemline workers --stop
"""

import json
import os
import subprocess
import sys
import time
from argparse import SUPPRESS
from pathlib import Path

import joblib

from hemline.cluster.connect import connect, set_worker_defaults
from hemline.cluster.published import expire
from hemline.errors import InputError
from hemline.processes.ports import HOST
from hemline.repository import repository
from hemline.target import fix_target
from hemline.terminal.arguments import option

# The file with the scheduler's address, and the workers' log.
SCHEDULER, LOG = Path(".hemline/workers.json"), Path(".hemline/workers.log")
_PATIENCE = 120  # seconds until all workers have started
_POLL = 0.1
_PULSE = 60.0  # seconds between two checks for expired workers


@option("--count", type=int, default=joblib.cpu_count(), help="number of workers; default: one for each core")
@option("--idle", type=float, default=30, help="minutes without work until they stop")
@option("--stop", action="store_true", help="stop them")
@option("--hold", action="store_true", help=SUPPRESS)
def main(count: int, idle: float, stop: bool, hold: bool) -> None:
    """Start or stop the workers, or be the process that runs them."""
    if count < 1 or not idle > 0:
        raise InputError(f"--count, --idle: must be more than 0, got {count}, {idle}")
    os.chdir(repository())
    if hold:
        _hold(count, idle)
    elif stop:
        _stop()
    else:
        _start(count, idle)


def _start(count: int, idle: float) -> None:
    if (address := _address()) is not None:
        print(f"The workers are already running, at {address}; `make stop-workers` stops them.")
        return
    SCHEDULER.parent.mkdir(exist_ok=True)
    fix_target()  # in the environment of the processes that train
    command = [sys.executable, "-m", "hemline", "workers", "--hold", "--count", str(count), "--idle", str(idle)]
    with LOG.open("w") as log:
        held = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    end = time.monotonic() + _PATIENCE
    while not SCHEDULER.exists() and time.monotonic() < end:
        if held.poll() is not None:
            raise InputError(
                f"{LOG}: the workers have ended, and said last: {(LOG.read_text().split() or ['nothing'])[-1]}"
            )
        time.sleep(_POLL)
    print(
        f"{count} workers are ready. They stop after {idle:g} minutes without work, or with `make stop-workers`.\n"
        f"To train on them: `cluster: {SCHEDULER}` in params.yaml, or `dvc exp run -S cluster={SCHEDULER}`."
    )


def _stop() -> None:
    if not SCHEDULER.exists():
        print("No workers are running.")
        return
    try:
        with connect(str(SCHEDULER)) as client:
            client.shutdown()
        said = "The workers are stopped."
    except InputError:
        said = "The workers do not answer, or have ended; nothing looks for them any more."
    SCHEDULER.unlink(missing_ok=True)
    print(said)


def _address() -> str | None:
    try:
        with connect(str(SCHEDULER)) as client:
            return str(client.scheduler.address)
    except InputError:
        SCHEDULER.unlink(missing_ok=True)
        return None


def _hold(count: int, idle: float) -> None:
    """Run a scheduler and its workers until they are idle or stopped."""
    from distributed import LocalCluster  # noqa: PLC0415

    set_worker_defaults()
    with LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        host=HOST,
        dashboard_address=f"{HOST}:0",
        memory_limit=None,  # as without a cluster: a training that needs too much is refused before it begins
        scheduler_kwargs={"dashboard": False},
        preload=["hemline.cluster.worker"],
    ) as cluster:
        cluster.wait_for_workers(count)
        own, draft = cluster.scheduler_address, SCHEDULER.with_suffix(".draft")
        draft.write_text(json.dumps({"address": own}))
        draft.replace(SCHEDULER)
        looked = worked = time.monotonic()
        # The scheduler's own time-out counts from its start, when no worker is there yet.
        while cluster.scheduler.status.name == "running" and time.monotonic() - worked < 60 * idle:
            time.sleep(_POLL)
            if len(cluster.scheduler.idle) < len(cluster.scheduler.workers):
                worked = time.monotonic()
            if time.monotonic() - looked > _PULSE:
                looked = time.monotonic()
                with connect(own) as client:
                    expire(client)
    # Other workers may have started in the meantime.
    if SCHEDULER.exists() and own in SCHEDULER.read_text():
        SCHEDULER.unlink(missing_ok=True)
