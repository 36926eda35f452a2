"""Publishing beside a stage's own work, in a helper process: MLflow takes longer to be imported than that takes."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from typing import Literal

import pandas as pd  # noqa: F401 - both processes need it, and the one that is forked has it from this one

from hemline.processes.garbage import collect_rarely
from hemline.processes.helper import helper_process
from hemline.processes.waiting import result
from hemline.tracking.one_line import warn

# A fork takes over what has been imported, which a new Python would import again while its stage waits for it.
_START: Literal["spawn", "fork"] = "fork" if sys.platform == "linux" else "spawn"


@contextmanager
def publisher() -> Iterator[Callable[[list[str]], None]]:
    """Yield what does ``publish.publish`` in a helper process, which imports MLflow meanwhile and ends with the block.

    What fails in MLflow, or in that process, costs a warning.
    """
    with helper_process(start=_START) as helper:
        helper.submit(_get_ready)

        def publish(variants: list[str]) -> None:
            try:
                result(helper.submit(_publish, variants))
            except BrokenExecutor as error:  # its process was killed
                warn(error)

        yield publish


def _get_ready() -> None:
    collect_rarely()

    import hemline.tracking.publish  # noqa: F401, PLC0415
    from hemline.tracking.store import get_ready  # noqa: PLC0415

    get_ready()


def _publish(variants: list[str]) -> None:
    from hemline.tracking.publish import publish  # noqa: PLC0415

    publish(variants)
