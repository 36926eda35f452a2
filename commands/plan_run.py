"""List the stages that a change of parameters would run, with the reasons and the durations of the last runs here.

A line says if DVC has the result in its run-cache.

Reads:  params.yaml, dvc.lock, the output of `dvc status`, DVC's run-cache
Run:    hemline plan-run variants.dense-128.epochs=20
"""

import hashlib

from tabulate import tabulate

from commands.queue import PARAMS, checked, combinations, overrides
from hemline.dependencies.lock_file import LOCK_FILE, entries, is_damaged
from hemline.errors import InputError
from hemline.experiments.plan import Planned, plan
from hemline.experiments.run_cache import RunCache
from hemline.processes.durations import noted_seconds
from hemline.processes.dvc import dvc_json
from hemline.schema import read_yaml
from hemline.terminal.arguments import option
from hemline.tuning.inputs import stage_inputs


@option("changes", nargs="*", metavar="key=value", help="a key of params.yaml; ~variants.name")
def main(changes: list[str]) -> None:
    """Print the stages, or that nothing would run."""
    experiments = list(combinations(overrides(changes)))
    if len(experiments) > 1:
        raise InputError(f"changes: must be those of one experiment, got {len(experiments)}")
    (values,) = experiments
    inputs = stage_inputs(checked(values))
    if not LOCK_FILE.exists():
        print("Every stage would run: none has run yet.")
        return
    lock = LOCK_FILE.read_bytes().decode(errors="replace")
    if is_damaged(lock):
        raise InputError(f"{LOCK_FILE}: is incomplete, as after a kill; `make record` restores it")
    rewritten = {
        str(path): hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # as DVC does
        for path, text in inputs.items()
        if not path.exists() or path.read_text() != text
    }
    status = dvc_json("status")
    with RunCache.open() as cache:
        planned = plan(entries(lock), values, status, rewritten, cache)
    if values != read_yaml(PARAMS) and "check" not in {each.stage for each in planned}:
        planned.insert(0, Planned("check", "params.yaml"))
    if not planned:
        print("Nothing would run.")
        return
    seconds = [0.0 if each.restored else noted_seconds(each.stage) for each in planned]
    because = [f"{each.because}; restored from the run-cache" if each.restored else each.because for each in planned]
    rows = zip([each.stage for each in planned], seconds, because, strict=True)
    print(tabulate(rows, headers=["stage", "seconds", "because"], floatfmt=".1f", missingval="?"))
    missing = "; some have not run here yet" if None in seconds else ""
    total = f"Together: {sum(filter(None, seconds)):.0f}"
    print(f"\nSeconds: of the last run here, with the settings of that time{missing}. {total}")
