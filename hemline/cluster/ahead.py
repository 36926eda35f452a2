"""The variants that `dvc repro` will train or search after the current one, as far as DVC knows.

DVC runs stages one after the other; workers that wait for the next one would be idle meanwhile.
"""

import json
import subprocess
import sys


def needed_variants(stage: str = "train") -> set[str]:
    """Return the variants for which a stage has changed: found by a process of its own, as DVC is slow to import."""
    done = subprocess.run([sys.executable, "-m", __name__, stage], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def _changed(prefix: str) -> list[str]:
    from dvc.repo import Repo  # noqa: PLC0415 - in the process of its own only

    with Repo() as repo:
        stages = [stage for stage in repo.index.stages if stage.addressing.startswith(prefix)]
        # Not `stage.status()`, which wants the repository's lock: `dvc repro`, whose stage asks, wants it back soon.
        changed = [stage for stage in stages if any(each.status() for each in [*stage.deps, *stage.outs])]
        return [stage.addressing.removeprefix(prefix) for stage in changed]


if __name__ == "__main__":
    print(json.dumps(_changed(f"{sys.argv[1]}@")))
