"""Publishing beside a stage's own work, in a helper process: MLflow takes longer to be imported than that takes."""

import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pandas as pd  # noqa: F401 - both processes need it, and the one that is forked has it from this one

from hemline.processes.garbage import collect_rarely
from hemline.processes.helper import helper_process
from hemline.processes.waiting import result
from hemline.tracking.warning import warn

if TYPE_CHECKING:
    from hemline.tracking.artifacts import Run

T = TypeVar("T")
# A fork takes over what has been imported, which a new Python would import again while its stage waits for it.
_START: Literal["spawn", "fork"] = "fork" if sys.platform == "linux" else "spawn"


class Publisher:
    """Completes the store in a helper process; what fails there costs a warning."""

    def __init__(self, ending: ExitStack) -> None:
        self._ending = ending
        self._helper: Executor | None = None

    def start(self) -> Executor:
        """Let the process import what it needs; the sooner, the less there is to wait for later."""
        if self._helper is None:
            self._helper = self._ending.enter_context(helper_process(start=_START))
            self._helper.submit(_get_ready)
        return self._helper

    def incomplete_runs(self, variants: list[str]) -> "list[Run]":
        """Return what ``publish.incomplete_runs`` does."""
        return self._wait_for(_incomplete_runs, variants) or []

    def publish_figures(
        self, variants: list[str], artifacts: "Mapping[Run, dict[str, str]]", *, only: "list[Run]"
    ) -> None:
        """Do what ``publish.publish_figures`` does."""
        self._wait_for(_publish_figures, variants, artifacts, only)

    def publish_pictures(self, variants: list[str]) -> None:
        """Do what ``publish.publish_pictures`` does."""
        self._wait_for(_publish_pictures, variants)

    def _wait_for(self, publish: Callable[..., T], *arguments: Any) -> T | None:
        try:
            return result(self.start().submit(publish, *arguments))
        except BrokenExecutor as error:  # its process was killed
            warn(error)
            return None


@contextmanager
def publisher() -> Iterator[Publisher]:
    """Yield a publisher; its process ends with the block."""
    with ExitStack() as ending:
        yield Publisher(ending)


def _get_ready() -> None:
    collect_rarely()

    import hemline.tracking.publish  # noqa: F401, PLC0415
    from hemline.tracking.store import get_ready  # noqa: PLC0415

    get_ready()


def _incomplete_runs(variants: list[str]) -> "list[Run]":
    from hemline.tracking.publish import incomplete_runs  # noqa: PLC0415

    return incomplete_runs(variants)


def _publish_figures(variants: list[str], artifacts: "Mapping[Run, dict[str, str]]", only: "list[Run]") -> None:
    from hemline.tracking.publish import publish_figures  # noqa: PLC0415

    publish_figures(variants, artifacts, only=only)


def _publish_pictures(variants: list[str]) -> None:
    from hemline.tracking.publish import publish_pictures  # noqa: PLC0415

    publish_pictures(variants)
