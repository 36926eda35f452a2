"""Train a preview: a fifth of the training images, two variants, two seeds, two epochs.

Reads:  params.yaml, and the pipeline's input
Writes: a DVC experiment of its own, with its MLflow runs; reports/quick.html
Run:    hemline quick

The stages run in a copy that DVC makes; the workspace stays as it is.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from commands.queue import checked
from hemline.errors import InputError
from hemline.experiments.declared import overrides
from hemline.params import Params, load_params
from hemline.processes.dvc import check_copies, environment, untracked
from hemline.report.question import question

PAGE = Path("reports/quick.html")
# What trainings import. After set-up it takes seconds to be compiled and to be read from the disk, here by a core that
# has nothing to do before the first training.
_IMPORTS = "import hemline.training.tensorflow, hemline.tracking.store as store; store.get_ready()"
_SHARE, _VARIANTS, _SEEDS, _EPOCHS = 0.2, 2, 2, 2


def main() -> None:
    """Run the experiment, and bring its page here."""
    name = time.strftime("quick-%Y%m%d-%H%M%S")
    params = load_params()
    values = impression(params)
    checked(values)
    check_copies()
    options = [option for change in overrides(values) for option in ("-S", change)]
    options += [option for path in untracked([params.dataset]) for option in ("--copy-paths", path)]
    command = ["dvc", "exp", "run", "--temp", "--name", name, *options]
    silent = subprocess.DEVNULL
    with subprocess.Popen([sys.executable, "-c", _IMPORTS], stdout=silent, stderr=silent) as imports:
        status = subprocess.run(command, check=False, env=environment()).returncode
        imports.kill()  # a refusal of DVC's is shown at once
    if status:
        sys.exit(status)
    PAGE.write_bytes(_page_of(name))
    print(f"\n{summary(values)}\nThe page: {PAGE}\nThe answer, from all images: make")


def impression(params: Params) -> dict[str, Any]:
    """Return the values of params.yaml with less to do: fewer images, variants, seeds and epochs."""
    names = [params.baseline, *question(params).asked][:_VARIANTS]
    values = params.model_dump(exclude_unset=True)
    longer = {name for name in names if "epochs" in type(params.variants[name]).model_fields}
    variants = {name: values["variants"][name] | ({"epochs": _EPOCHS} if name in longer else {}) for name in names}
    share = _SHARE * params.normalize.train_share
    normalize = params.normalize.model_dump() | {"train_share": share, "train_images": None}
    less = {"normalize": normalize, "seeds": params.seeds[:_SEEDS], "variants": variants, "tuning": {"trials": 0}}
    return values | less


def summary(values: dict[str, Any]) -> str:
    """Return how a preview differs."""
    share, seeds = values["normalize"]["train_share"], len(values["seeds"])
    trained = f"{_EPOCHS} epochs, {seeds} seed{'s' if seeds > 1 else ''}"
    return f"A preview, not an answer: {share:.0%} of the training images, {trained}."


def _page_of(experiment: str) -> bytes:
    from dvc.api import DVCFileSystem  # noqa: PLC0415 - takes a second

    try:
        return bytes(DVCFileSystem(".", rev=experiment).read_bytes("reports/index.html"))
    except OSError as error:
        raise InputError(f"{experiment}: has no report: {error}; run `make quick` again") from None
