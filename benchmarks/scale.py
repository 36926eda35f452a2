"""The seconds and the memory of each stage of the pipeline as the data set grows.

Reads:  the repository's HEAD
Writes: <output>/scale.json
Run:    python -m benchmarks.scale [--images 60000 250000 1000000] [--shape 28 28] [--memory 2000]

Works in a temporary clone, in which it makes each set (see ``large_set``), and removes it again; a million images of
28 x 28 take 9 GB there. Memory is what the processes of a stage hold for themselves, all together, without the pages
of files that the system keeps in memory while it can. Linux only.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from benchmarks import large_set
from benchmarks.counts import count
from hemline.errors import InputError, one_line_errors

ROOT = Path(__file__).parent.parent
IMAGES = (60_000, 250_000, 1_000_000)
_SECONDS_BETWEEN_LOOKS = 0.02
_NAME = "made"
VARIANTS = {"linear": {"hidden": []}, "dense-128": {"hidden": [128]}}


def main() -> None:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(description="Time and memory of each stage as the data grows.")
    parser.add_argument("--images", nargs="+", type=count, default=IMAGES, help="training images of each set")
    parser.add_argument("--shape", nargs="+", type=count, default=[28, 28], help="height, width, channels")
    parser.add_argument("--seeds", type=count, default=2)
    parser.add_argument("--epochs", type=count, default=2)
    parser.add_argument("--memory", type=count, help="MB that each process may hold; no limit by default")
    parser.add_argument("--cold", action="store_true", help="let the system forget the files before each stage")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="folder")
    options = parser.parse_args()
    lines: list[dict[str, Any]] = []
    print(f"{'images':>10}  {'stage':18}{'seconds':>9}{'CPU':>9}{'peak MB':>9}", flush=True)
    with one_line_errors():
        for images in options.images:
            with tempfile.TemporaryDirectory(prefix="scale-") as folder:
                for line in _measure(Path(folder) / "clone", images, options):
                    figures = f"{line['seconds']:9.1f}{line['cpu_seconds']:9.1f}{line['peak_bytes'] / 1e6:9.0f}"
                    print(f"{images:10}  {line['stage']:18}{figures}", flush=True)
                    lines.append(line)
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "scale.json").write_text(json.dumps(lines, indent=1) + "\n")


def _measure(clone: Path, images: int, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Run the pipeline on a set of its own, and yield a line for each stage."""
    prepare(clone, images, options)
    python = [sys.executable, "-m"]
    trainings = {f"train {variant}": [*python, "stages.train", variant] for variant in VARIANTS}
    stages = {
        "download": [*python, "stages.download", _NAME],
        "normalize": [*python, "stages.normalize"],
        **trainings,
        "evaluate": [*python, "stages.evaluate"],
        "report": [*python, "stages.report"],
        # Of all stages together: the digests of their outputs, and a copy of each for its cache.
        "dvc commit": [*python, "dvc", "commit", "--force"],
    }
    for name, command in stages.items():
        if options.cold:
            forget_files(clone)
        limit = None if name == "dvc commit" else options.memory
        yield {"images": images, "shape": options.shape, "stage": name, **run(command, clone, limit)}
        if name == "download":
            shutil.rmtree(clone / "data/manual")


def prepare(clone: Path, images: int, options: argparse.Namespace) -> None:
    """Clone HEAD, make a set there, and let its params.yaml ask for few trainings on it."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    large_set.make(_NAME, images, options.shape, clone / "data")
    yaml = YAML()
    params = yaml.load(clone / "params.yaml")
    params |= {"dataset": _NAME, "epochs": options.epochs, "seeds": list(range(options.seeds))}
    params |= {"baseline": "linear", "variants": VARIANTS}
    yaml.dump(params, clone / "params.yaml")
    # Stages are run without DVC, which would make the folders that they write into.
    (clone / "dvc.lock").unlink()
    for stage in ("known", "check"):
        run([sys.executable, "-m", f"stages.{stage}"], clone)


def run(command: Sequence[str], folder: Path, limit: int | None = None) -> dict[str, float]:
    """Run a command whose processes may take so many MB of memory each, also for what they never touch.

    Returns seconds; CPU seconds of all its processes; the most bytes of memory that they held together.

    Raises:
        InputError: the command fails.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_"))}
    environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
    if limit:
        command = ["/bin/sh", "-c", 'ulimit -d "$0"; exec "$@"', str(limit * 1_000_000 // 1024), *command]
    before, start = os.times(), time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT)
        looks = [0]
        while process.poll() is None:
            looks.append(_held(process.pid))
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        seconds, after = time.perf_counter() - start, os.times()
        if process.returncode:
            said.seek(0)
            raise InputError(f"{' '.join(command)} failed: {said.read().strip()[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": seconds, "cpu_seconds": cpu, "peak_bytes": max(looks)}


def forget_files(folder: Path) -> None:
    """Let the system drop the pages of all files of data and models that it keeps in memory."""
    for path in [path for part in ("data", "models") for path in (folder / part).rglob("*") if path.is_file()]:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _held(pid: int) -> int:
    """Return the bytes that a process and all its children hold for themselves."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return sum(_anonymous(each.pid) for each in [process, *process.children(recursive=True)])
    return 0


def _anonymous(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return 1024 * int(line.split()[1])
    return 0


if __name__ == "__main__":
    main()
