"""The executor of trainings: this machine's cores, or the workers of a cluster."""

from collections.abc import Callable

from hemline.jobs.job import Executor
from hemline.jobs.threads import Threads


def executor(cluster: str | None, prepare: Callable[[], None]) -> Executor:
    """Return an executor.

    Args:
        cluster: the address of a Dask scheduler, or its file; None: this machine.
        prepare: imports what trainings on this machine need.

    Raises:
        InputError: the scheduler does not answer.
    """
    if cluster is None:
        return Threads(prepare)
    from hemline.cluster.trainings import Cluster  # noqa: PLC0415 - imports Dask, for those who have a cluster

    return Cluster(cluster)
