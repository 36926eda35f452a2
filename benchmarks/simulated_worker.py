"""A worker that waits where others train: shows how work is shared out to more workers than there are cores.

A preload of `dask worker`. The seconds of each epoch, and what the trainings gave, are those of a folder of real ones,
which the environment names: HEMLINE_SIMULATED.
"""

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hemline.cluster import worker as real
from hemline.cluster.identity import resource
from hemline.training.job import Interface, Job, Outcome, ServedModel, Watch
from hemline.training.trained import Trained

if TYPE_CHECKING:
    from distributed import Worker

    from hemline.training.checkpoint import Row

FOLDER = "HEMLINE_SIMULATED"  # holds models/, and seconds.json: {variant: [seconds of the first epoch, of a later one]}


async def dask_setup(worker: "Worker") -> None:
    """Offer what jobs ask for, and do them by waiting."""
    real.train_one = train_one  # type: ignore[attr-defined]  # what `on_worker` calls
    name = resource(real.identity_here())
    worker.state.total_resources[name] = worker.state.available_resources[name] = worker.state.nthreads


def train_one(job: Job, watch: Watch) -> Outcome:
    """Take as long as the training took, and return what it gave."""
    folder = Path(os.environ[FOLDER])
    variant, seed = job.recipe.settings.variant, job.seed
    first, later = json.loads((folder / "seconds.json").read_text())[variant]
    trained = Trained(variant, folder / "models")
    history = trained.history()
    rows: list[Row] = []
    watch.begin(seed, [])
    for figures in history[history.seed == seed].drop(columns="seed").to_dict("records"):
        seconds = later if rows else first
        time.sleep(seconds)
        rows.append({**{str(k): v for k, v in figures.items()}, "seconds": seconds, "at": time.time_ns() // 1_000_000})
        watch.epoch(seed, rows[-1])
    model = trained.model_path(seed).read_bytes()
    place = sorted(history.seed.unique()).index(seed)
    return Outcome(
        history=rows,
        model=model,
        served=ServedModel(model, Interface(variant, (28, 28), 10)),
        layers=[{str(k): v for k, v in each.items()} for each in trained.layers().to_dict("records")],
        predicted={name: trained.probabilities(name)[place] for name in ("validation", "test")},
    )
