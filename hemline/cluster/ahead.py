"""The variants that `dvc repro` will train after the current one, as far as DVC knows.

DVC runs stages one after the other; workers that wait for the next one would be idle meanwhile.
"""

import json
import subprocess
import sys

_PREFIX = "train@"


def needed_variants() -> set[str]:
    """Return the variants whose stages have changed: found by a process of its own, as DVC takes a second to import."""
    done = subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def _changed() -> list[str]:
    from dvc.repo import Repo  # noqa: PLC0415 - in the process of its own only

    with Repo() as repo:
        stages = [stage for stage in repo.index.stages if stage.addressing.startswith(_PREFIX)]
        # Not `stage.status()`, which wants the repository's lock: `dvc repro`, whose stage asks, wants it back soon.
        changed = [stage for stage in stages if any(each.status() for each in [*stage.deps, *stage.outs])]
        return [stage.addressing.removeprefix(_PREFIX) for stage in changed]


if __name__ == "__main__":
    print(json.dumps(_changed()))
