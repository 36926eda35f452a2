"""The waiting time of a newcomer: the set-up, the download and the pipeline, in a new clone of this repository.

Reads:  the repository's HEAD
Writes: README.md, between its marks
Run:    python -m benchmarks.first_run [--folder ../clone]

The clone has nothing of this workspace: no environment, no data, no cache. What the machine keeps for all its users
(pip's cache, a mirror near by) it keeps here, too.
"""

import argparse
import os
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.competitors import CORES
from hemline.errors import InputError, one_line_errors
from hemline.report.readme import rewrite

ROOT = Path(__file__).parent.parent
# From this load on, before the first clock starts, other programs take part of the machine.
_BUSY = 0.5


class Times(NamedTuple):
    """Seconds, one after the other."""

    setup: float
    download: float
    pipeline: float


def main() -> None:
    """Clone, measure, rewrite the section."""
    parser = argparse.ArgumentParser(
        description="Measure the first `make` in a new clone, and write it into README.md."
    )
    parser.add_argument("--folder", type=Path, help="where the clone is to be and to stay; else a temporary folder")
    options = parser.parse_args()
    with one_line_errors(), ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "hemline"
        if folder.exists():
            raise InputError(f"--folder: must not exist yet, got {folder}")
        load = os.getloadavg()[0]
        text = sentence(measure(folder), processor(Path("/proc/cpuinfo").read_text()), CORES, load)
        print(text)
        changed = rewrite(Path("README.md"), "times", text)
        print("README.md: " + ("rewritten" if changed else "is up to date"))


def measure(folder: Path) -> Times:
    """Clone this repository into ``folder``, and run there what `make` runs, step by step."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    python = str(folder.resolve() / ".venv/bin/python")
    return Times(
        setup=_seconds(folder, "make", "setup"),
        download=_seconds(folder, python, "-m", "dvc", "repro", "download"),
        pipeline=_seconds(folder, "make"),
    )


def sentence(times: Times, name: str, cores: int, load: float) -> str:
    """Return what the README says; ``load`` is the machine's before the first clock started."""
    beside = "" if load < _BUSY else f", beside other work (a load of {load:.1f})"
    return (
        f"The first `make` took {_told(sum(times))}: {_told(times.setup)} to set up, {_told(times.download)} to "
        f"download, {_told(times.pipeline)} for the pipeline; measured on {cores} cores of an {name}{beside}."
    )


def processor(cpuinfo: str) -> str:
    """Return the processor's name, family and model, from the text of Linux's /proc/cpuinfo."""
    facts = dict(line.split(":", 1) for line in cpuinfo.partition("\n\n")[0].splitlines() if ":" in line)
    name, family, model = (
        {key.strip(): value.strip() for key, value in facts.items()}.get(key, "unknown")
        for key in ("model name", "cpu family", "model")
    )
    return f"{name} (family {family}, model {model})"


def _told(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - of a minute
        return f"{max(1, round(seconds))} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def _seconds(folder: Path, *command: str) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=_environment(folder), check=False)
    if done.returncode:
        raise InputError(f"{' '.join(command)}: ended with status {done.returncode}; see above")
    return time.perf_counter() - start


def _environment(folder: Path) -> dict[str, str]:
    """Return this process's environment, with the clone's programs first, as `make` has them."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "MLFLOW_", "VIRTUAL_ENV"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {"PATH": os.pathsep.join([str((folder / ".venv/bin").resolve()), os.environ["PATH"]])}


if __name__ == "__main__":
    main()
