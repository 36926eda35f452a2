"""How time and memory grow with the number of images and of seeds.

Reads:  data/normalized/ (train), whose images are repeated
Writes: <output>/growth.json
Run:    python -m benchmarks.growth [--images 60000 240000 1000000] [--seeds 1 3 10 30]

Each line is a process of its own. Its clock starts after a first training, which imports, compiles and reads; memory is
what the process holds for itself, without the pages of files that the system keeps in memory while it can. Linux only.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.counts import count
from hemline.data.normalized import Labelled, Normalized
from hemline.errors import InputError, one_line_errors
from hemline.params import Training
from hemline.processes.helper import helper_process

IMAGES = (60_000, 240_000, 1_000_000)
SEEDS = (1, 3, 10, 30)
_TRAINING = Training(hidden=[128], epochs=2, batch_size=32)
_STATUS = Path("/proc/self/status")
_BLOCK = 10_000  # images written at once
_SECONDS_BETWEEN_LOOKS = 0.02


def main() -> None:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(description="Time and memory of the trainer as its work grows.")
    parser.add_argument("--images", nargs="+", type=count, default=IMAGES)
    parser.add_argument("--seeds", nargs="+", type=count, default=SEEDS, help="on the first number of images")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="folder")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    lines: list[dict[str, Any]] = []
    print(f"{'images':>10}{'seeds':>7}{'seconds':>9}{'images/s':>10}{'peak MB':>9}   784-128-10, batch 32, 2 epochs")
    with one_line_errors(), tempfile.TemporaryDirectory() as folder:
        if not _STATUS.exists():
            raise InputError(f"{_STATUS}: no such file; memory can be measured on Linux only")
        source = Normalized().read("train")
        works = [(images, 1) for images in options.images]
        works += [(options.images[0], seeds) for seeds in options.seeds if seeds != 1]
        for images, seeds in works:
            data = _repeated(source, images, Path(folder) / str(images))
            try:
                with helper_process() as beside:
                    line = {"images": images, "seeds": seeds} | beside.submit(_measure, data, seeds).result()
            except BrokenExecutor:
                print(f"{images:10}{seeds:7}  its process was killed, for lack of memory perhaps", flush=True)
                continue
            rate = images * seeds * _TRAINING.epochs / line["seconds"]
            print(f"{images:10}{seeds:7}{line['seconds']:9.2f}{rate:10.0f}{line['peak_bytes'] / 1e6:9.0f}", flush=True)
            lines.append(line)
            (options.output / "growth.json").write_text(json.dumps(lines, indent=1) + "\n")


def _repeated(source: Labelled, n_images: int, folder: Path) -> Path:
    """Write ``n_images`` of ``source``, from its start again where it ends, as ``Normalized`` reads them."""
    if folder.exists():
        return folder
    folder.mkdir()
    for kind, values in (("images", source.images), ("labels", source.labels)):
        shape = (n_images, *values.shape[1:])
        target = np.lib.format.open_memmap(folder / f"train-{kind}.npy", "w+", values.dtype, shape)
        for start in range(0, n_images, _BLOCK):
            indices = np.arange(start, min(start + _BLOCK, n_images)) % len(values)
            target[start : start + len(indices)] = values[indices]
    return folder


def _measure(folder: Path, n_seeds: int) -> dict[str, float]:
    """Train ``n_seeds`` times; return the seconds, and the most memory that was held meanwhile."""
    from benchmarks.side_by_side import fit_side_by_side  # noqa: PLC0415
    from hemline.training.tensorflow import devices  # noqa: PLC0415 - in the process that is measured only
    from hemline.training.trainer import Trainer  # noqa: PLC0415

    data = Normalized(folder).read("train")
    with _peak_memory() as peak:
        trainer = Trainer("growth", _TRAINING, int(data.labels.max()) + 1, data)
        # On every device that will train: each loads its own program.
        fit_side_by_side(trainer, range(min(n_seeds, len(devices()))))
        start = time.perf_counter()
        fit_side_by_side(trainer, range(n_seeds))
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak_bytes": max(peak)}


@contextmanager
def _peak_memory() -> Iterator[list[int]]:
    """Look at this process's own memory every moment, and append it to the list that is yielded, in bytes."""
    looks: list[int] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            status = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
            looks.append(1024 * int(status["RssAnon"].split()[0]))
            stop.wait(_SECONDS_BETWEEN_LOOKS)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield looks
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main()
