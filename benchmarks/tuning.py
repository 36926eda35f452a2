"""Compare a search of settings with Optuna and Keras's fit, with its own trainings alone, and with halving.

Reads:  params.yaml; data/raw of the workspace
Writes: <output>/tuning.json
Run:    python -m benchmarks.tuning [--variant dense-128] [--trials 20] [--turns 3] [--tasks search halving keras]

All runs are in a clone in which the data is normalized, start to end, in turns. ``search`` and ``halving`` are the
stage tune. ``trainings`` are those of the search by the trainer alone, side by side on the cores, compiled as often.
``keras`` is a plain script: Optuna draws from the same space, ``fit`` trains and scores the validation images.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ruamel.yaml import YAML

from benchmarks.commits import clone, run
from benchmarks.counts import count
from hemline.errors import one_line_errors
from hemline.families.registry import family_of
from hemline.params import load_params

if TYPE_CHECKING:
    from hemline.families.dense import DenseSettings
    from hemline.tuning.search import Search

_TASKS = ("search", "trainings", "halving", "keras")
_MODULE = "benchmarks.tuning"


def main() -> None:
    """Measure, print, write JSON; or, with --only, run one of the two scripts in the clone."""
    parser = argparse.ArgumentParser(description="Compare a search of settings with other ways to do it.")
    parser.add_argument("--variant", default="dense-128")
    parser.add_argument("--trials", type=count, default=20)
    parser.add_argument("--turns", type=count, default=3)
    parser.add_argument("--tasks", nargs="+", choices=_TASKS, default=list(_TASKS))
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="folder")
    parser.add_argument("--only", choices=("trainings", "keras"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        {"trainings": _train_alone, "keras": _search_with_keras}[options.only](options.variant)
        return
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with one_line_errors(), tempfile.TemporaryDirectory() as folder:
        figures = measure(clone("HEAD", Path(folder) / "clone"), options)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "tuning.json").write_text(json.dumps(figures, indent=1) + "\n")
    medians = {task: statistics.median(seconds) for task, seconds in figures["seconds"].items()}
    for task, seconds in medians.items():
        print(f"{task:10}{seconds:8.1f} s   {seconds / medians['search']:.2f} of the search   {figures['best'][task]}")


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return the seconds of each task by turns, and what it has found: the best validation score, or nothing."""
    seconds: dict[str, list[float]] = {task: [] for task in options.tasks}
    best: dict[str, str] = {}
    for turn in range(options.turns):
        for task in options.tasks:
            _set_search(folder, options, halving=task == "halving")
            stage = ["-m", "stages.tune", options.variant]
            script = ["-m", _MODULE, "--variant", options.variant, "--only", task]
            start = time.perf_counter()
            printed = run(folder, "python", *(stage if task in {"search", "halving"} else script))
            seconds[task].append(time.perf_counter() - start)
            best[task] = _best(folder, options.variant) if task in {"search", "halving"} else printed.strip()
            print(f"{task}, turn {turn + 1}: {seconds[task][-1]:.1f} s {best[task]}", file=sys.stderr, flush=True)
    return {"seconds": seconds, "best": best}


def _set_search(folder: Path, options: argparse.Namespace, *, halving: bool) -> None:
    """Let the clone search this variant, with the data normalized."""
    path, yaml = folder / "params.yaml", YAML()
    values = yaml.load(path)
    values["tuning"] = {"trials": options.trials, "seed": 0, "halving": halving}
    yaml.dump(values, path)
    run(folder, "dvc", "repro", "normalize")


def _best(folder: Path, variant: str) -> str:
    trials = json.loads((folder / f"models/_tuned/{variant}/trials.json").read_text())
    return f"{max(each['score'] for each in trials if each['complete'] and each['score']):.4f}"


def _train_alone(variant: str) -> None:
    """Do the trainings of the search and nothing else: those that share a program follow each other."""
    from hemline.data.normalized import Normalized  # noqa: PLC0415 - not where the tasks are timed
    from hemline.training.learner import open_data  # noqa: PLC0415
    from hemline.training.tensorflow import devices, own_device  # noqa: PLC0415
    from hemline.training.trainer import Trainer  # noqa: PLC0415
    from hemline.tuning.search import programs_first  # noqa: PLC0415

    search, drawn = _drawn(variant)
    data = open_data(Normalized(), Normalized().digests(test_labels=False), record_test=False)
    settings = [cast("DenseSettings", search.training(each)) for each in drawn]
    trainers = {
        each.batch_size + each.dropout: Trainer(variant, each, data.n_classes, data.train, data.watched, hold=data.hold)
        for each in settings
    }

    def fit(number: int) -> None:
        own = settings[number]
        with own_device():
            trainers[own.batch_size + own.dropout].fit(number, training=own)

    with ThreadPoolExecutor(len(devices())) as threads:
        list(threads.map(fit, programs_first(drawn, ("learning_rate", "epochs", "l2"))))


def _search_with_keras(variant: str) -> None:
    """Search the same space by Optuna's random sampler and Keras's ``fit``, and print the best validation accuracy."""
    import keras  # noqa: PLC0415
    import optuna  # noqa: PLC0415

    from benchmarks.networks import dense_network  # noqa: PLC0415
    from hemline.data.normalized import Normalized  # noqa: PLC0415
    from hemline.data.scaling import scale  # noqa: PLC0415

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    train, validation = (Normalized().read(name) for name in ("train", "validation"))
    pixels, watched = (scale(each.images, each.scale) for each in (train, validation))
    hidden = cast("DenseSettings", load_params(chosen=False).training(variant)).hidden

    def objective(trial: optuna.Trial) -> float:
        rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
        batch_size = trial.suggest_categorical("batch_size", [32, 64, 128])
        epochs = trial.suggest_categorical("epochs", [5, 10, 20])
        dropout = trial.suggest_categorical("dropout", [0.0, 0.2, 0.4])
        l2 = trial.suggest_float("l2", 1e-7, 1e-3, log=True)
        model = dense_network(
            hidden, pixels.shape[1:], int(train.labels.max()) + 1, trial.number, l2=l2, dropout=dropout
        )
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(pixels, train.labels, batch_size, epochs, verbose=0, validation_data=(watched, validation.labels))
        return float(model.evaluate(watched, validation.labels, verbose=0)[1])

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(0))
    study.optimize(objective, _drawn(variant)[0].trials)
    print(f"{study.best_value:.4f}")


def _drawn(variant: str) -> "tuple[Search, list[dict[str, Any]]]":
    from hemline.data.normalized import Normalized  # noqa: PLC0415
    from hemline.tuning.budget import Size, planned  # noqa: PLC0415
    from hemline.tuning.search import Search  # noqa: PLC0415

    params = load_params(chosen=False)
    found = Search.of(params, variant)
    if found is None:
        raise ValueError(f"{variant}: must be searched, but {family_of(params.training(variant))} has no space")
    return found, [dict(each) for each in planned(found, Size.of_data(Normalized()))[0]]


if __name__ == "__main__":
    main()
