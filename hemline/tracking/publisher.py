"""Publishing beside a stage's own work, in a helper process: MLflow takes longer to be imported than that takes."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hemline.processes.garbage import collect_rarely
from hemline.processes.helper import helper_process
from hemline.processes.waiting import result
from hemline.tracking.recorder import warn

if TYPE_CHECKING:
    from hemline.tracking.artifacts import Run


class Publisher:
    """Completes the store in a helper process; what fails there costs a warning."""

    def __init__(self, helper: Executor) -> None:
        self._helper = helper
        helper.submit(_get_ready)

    def publish_figures(self, variants: list[str], artifacts: "Mapping[Run, dict[str, str]] | None" = None) -> None:
        """Do what ``publish.publish_figures`` does."""
        self._wait_for(_publish_figures, variants, artifacts)

    def publish_pictures(self, variants: list[str]) -> None:
        """Do what ``publish.publish_pictures`` does."""
        self._wait_for(_publish_pictures, variants)

    def _wait_for(self, publish: Callable[..., None], *arguments: Any) -> None:
        try:
            result(self._helper.submit(publish, *arguments))
        except BrokenExecutor as error:  # its process was killed
            warn(error)


@contextmanager
def publisher() -> Iterator[Publisher]:
    """Yield a publisher that imports meanwhile what it needs."""
    with helper_process() as helper:
        yield Publisher(helper)


def _get_ready() -> None:
    collect_rarely()

    import hemline.tracking.publish  # noqa: F401, PLC0415
    from hemline.tracking.store import get_ready  # noqa: PLC0415

    get_ready()


def _publish_figures(variants: list[str], artifacts: "Mapping[Run, dict[str, str]] | None") -> None:
    from hemline.tracking.publish import publish_figures  # noqa: PLC0415

    publish_figures(variants, artifacts)


def _publish_pictures(variants: list[str]) -> None:
    from hemline.tracking.publish import publish_pictures  # noqa: PLC0415

    publish_pictures(variants)
