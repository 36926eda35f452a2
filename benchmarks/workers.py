"""What workers save, and how busy they are kept: the pipeline, an edit and a queue, by the number of workers.

Reads:  the repository's HEAD; data/raw of the workspace
Writes: <output>/workers.json
Run:    python -m benchmarks.workers [--real 1 2] [--simulated 1 2 4 8] [--queue 2 8]

Works in a temporary clone, in which the pipeline has run once without workers. Real workers train; so many of them make
sense as there are cores. Simulated ones wait as long as the same trainings took here (``simulated_worker``): DVC, the
stages, the scheduler and MLflow are real, only the arithmetic is not done.
"""

import argparse
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from distributed import LocalCluster
from ruamel.yaml import YAML

from benchmarks.commits import prepare
from benchmarks.counts import count
from benchmarks.simulated_worker import FOLDER
from hemline.errors import one_line_errors
from hemline.processes.ports import HOST
from hemline.target import fix_target

_EXPERIMENTS = 3  # of a queue
_EDIT = "variants.dense-128.hidden"


class Span(NamedTuple):
    """What was seen of some trainings.

    Attributes:
        seconds: of the whole command.
        training: from the first training's start to the last one's end.
        work: of all trainings, added up.
    """

    seconds: float
    training: float
    work: float


def main() -> None:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(description="What workers save, and how busy they are kept.")
    parser.add_argument("--real", type=count, nargs="*", default=[1, 2], help="numbers of workers that train")
    parser.add_argument("--simulated", type=count, nargs="*", default=[1, 2, 4, 8], help="numbers of those that wait")
    parser.add_argument("--queue", type=count, nargs="*", default=[2, 8], help="of those that wait, for a queue")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="folder")
    options = parser.parse_args()
    fix_target()
    rows: list[dict[str, Any]] = []
    with one_line_errors(), tempfile.TemporaryDirectory() as folder:
        bench = _Bench(prepare("HEAD", Path(folder) / "clone"))
        rows.append(_row("in the stage's process", 0, "pipeline", bench.pipeline()))
        rows.append(_row("in the stage's process", 0, "edit", bench.edit()))
        for number in options.real:
            with bench.workers(number, "hemline.cluster.worker"):
                rows.append(_row("workers", number, "pipeline, cold", bench.pipeline()))
                rows.append(_row("workers", number, "pipeline", bench.pipeline()))
                rows.append(_row("workers", number, "edit", bench.edit()))
        for number in options.simulated:
            with bench.workers(number, "benchmarks.simulated_worker"):
                rows.append(_row("simulated", number, "pipeline", bench.pipeline()))
        for number in options.queue:
            for at_once in (1, _EXPERIMENTS):
                with bench.workers(number, "benchmarks.simulated_worker"):
                    rows.append(_row("simulated", number, f"queue, {at_once} at once", bench.queue(at_once)))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "workers.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(pd.DataFrame(rows).to_string(index=False, float_format="{:.2f}".format))


def _row(where: str, number: int, what: str, span: Span) -> dict[str, Any]:
    workers = number or (os.cpu_count() or 1)
    return {
        "where": where,
        "workers": number,
        "what": what,
        "seconds": span.seconds,
        "training": span.training,
        "work": span.work,
        "busy": span.work / span.training / workers,
        "speed-up": span.work / span.training,
        "not training": 1 - span.training / span.seconds,
    }


class _Bench:
    def __init__(self, clone: Path) -> None:
        self._clone, self._number, self._rate = clone, 0, 0.001
        self._cluster: str | None = None
        simulated = clone / ".hemline/simulated"
        simulated.mkdir(parents=True)
        (clone / "models").rename(simulated / "models")
        (simulated / "seconds.json").write_text(json.dumps(self._seconds_of_epochs()))
        os.environ[FOLDER] = str(simulated)

    @contextmanager
    def workers(self, number: int, preload: str) -> Iterator[None]:
        """Hold ``number`` workers, whose trainings the following uses."""
        os.environ["PYTHONPATH"] = str(self._clone)
        with (
            contextlib.chdir(self._clone),
            LocalCluster(
                n_workers=number,
                threads_per_worker=1,
                host=HOST,
                dashboard_address=f"{HOST}:0",
                memory_limit=None,
                scheduler_kwargs={"dashboard": False},
                preload=[preload],
            ) as cluster,
        ):
            cluster.wait_for_workers(number)
            self._cluster = cluster.scheduler_address
            yield
        self._cluster = None

    def pipeline(self) -> Span:
        """Train all variants anew: by a learning rate that was never used."""
        self._rate *= 1.001
        self._set(learning_rate=round(self._rate, 9), cluster=self._cluster)
        return self._span("repro")

    def edit(self) -> Span:
        """Train one variant, of a size that was never used."""
        self._number += 1
        self._set(cluster=self._cluster)
        return self._span("exp", "run", "-S", f"{_EDIT}=[{64 + self._number}]")

    def queue(self, at_once: int) -> Span:
        """Train all variants in some experiments."""
        self._set(cluster=self._cluster)
        for _ in range(_EXPERIMENTS):
            self._rate *= 1.001
            self._run("dvc", "exp", "run", "--queue", "-S", f"learning_rate={self._rate:.9f}")
        return self._span("queue", "start", "-j", str(at_once))

    def _span(self, *dvc: str) -> Span:
        start, at = time.perf_counter(), time.time() * 1000
        self._run("dvc", *dvc)
        while dvc[0] == "queue" and any(each in self._run("dvc", "queue", "status") for each in ("Running", "Queued")):
            time.sleep(1)
        seconds = time.perf_counter() - start
        epochs = self._epochs()
        epochs = epochs[epochs["at"] > at]
        begun = (epochs["at"] - 1000 * epochs.seconds).min()
        return Span(seconds, (epochs["at"].max() - begun) / 1000, epochs.seconds.sum())

    def _seconds_of_epochs(self) -> dict[str, list[float]]:
        """Return, by variant, the seconds of the first epoch, which may have to compile, and of a later one."""
        epochs = self._epochs().sort_values("step")
        first = epochs[epochs.step == 1].groupby("variant").seconds.median()
        later = epochs[epochs.step > 1].groupby("variant").seconds.median()
        return {str(variant): [first[variant], later[variant]] for variant in later.index}

    def _epochs(self) -> pd.DataFrame:
        """Return a row for each epoch that MLflow knows: variant, step, seconds, and when it ended."""
        query = (
            "SELECT t.value AS variant, m.step, m.value AS seconds, m.timestamp AS at FROM metrics m "
            "JOIN tags t ON t.run_uuid = m.run_uuid AND t.key = 'variant' WHERE m.key = 'seconds'"
        )
        with contextlib.closing(sqlite3.connect(self._clone / "mlflow.db")) as store:
            return pd.read_sql_query(query, store)

    def _set(self, **changes: Any) -> None:
        path = self._clone / "params.yaml"
        yaml = YAML()
        params = yaml.load(path)
        params.update(changes)
        yaml.dump(params, path)

    def _run(self, *command: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_"))}
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
        print(f"running: {' '.join(command)}", file=sys.stderr, flush=True)
        done = subprocess.run(command, cwd=self._clone, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stdout[-500:]} {done.stderr[-2000:]}")
        return done.stdout


if __name__ == "__main__":
    main()
