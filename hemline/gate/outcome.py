"""The workspace's results compared with those of another revision, by the best that there is of it."""

from typing import TYPE_CHECKING, NamedTuple

from hemline.comparison.evaluated import Evaluated
from hemline.errors import InputError
from hemline.gate.changes import Change, Judged, Known, compare_figures, compare_predictions, judge
from hemline.gate.recorded import read_recorded
from hemline.gate.results import Results, read_results, same_test_set

if TYPE_CHECKING:
    from dvc.api import DVCFileSystem


# Of a commit, in words.
DIGITS = 7


class Outcome(NamedTuple):
    """What the gate found.

    Attributes:
        base: the name of the other revision, as it was given.
        commit: the digest of its commit.
        judged: every variant that either of the two has.
        margin: the loss of accuracy that is too much, as a share; None: any that is shown.
        baseline: the present baseline.
        images: how many test images.
        missing: why the other revision's predictions could not be read; None: they were compared, image by image.
    """

    base: str
    commit: str
    judged: list[Judged]
    margin: float | None
    baseline: str
    images: int
    missing: str | None

    @property
    def failed(self) -> list[Judged]:
        """The variants for which the gate fails."""
        return [each for each in self.judged if each.fails]


def compare_with(base: str, margin: float | None, baseline: str) -> Outcome:
    """Compare the workspace with another revision.

    Args:
        base: a revision of git, or an experiment of DVC.
        margin: as in ``judge``.
        baseline: the present one.

    Raises:
        InputError: the workspace's results are not those of its code, there is no such revision, or the two cannot be
            compared.
    """
    check_current()
    files, commit = _files_of(base)
    new, old = read_results(), _results_of(files)
    if isinstance(old, str):
        changes, missing = _from_records(base, files, commit), old
    else:
        changes, missing = _from_predictions(base, old, new), None
    return Outcome(base, commit, judge(changes, margin), margin, baseline, len(new.test.labels), missing)


def check_current() -> None:
    """Refuse a workspace whose results are of other code, parameters or data than it holds now.

    Raises:
        InputError: names the stages that `dvc repro` would run.
    """
    from dvc.exceptions import DvcException  # noqa: PLC0415 - takes a second
    from dvc.repo import Repo  # noqa: PLC0415

    try:
        with Repo(".") as repository:
            stages = list(repository.status())
    except DvcException as error:
        raise InputError(f"dvc status: {_first_line(error)}") from None
    if stages:
        raise InputError(
            "workspace: must hold the results of its present code, parameters and data, but these stages have changed: "
            f"{', '.join(stages)}; run `dvc repro`"
        )


def _files_of(base: str) -> tuple["DVCFileSystem", str]:
    """Return the files of a revision, and the digest of its commit."""
    from dvc.api import DVCFileSystem  # noqa: PLC0415 - takes a second
    from dvc.exceptions import DvcException  # noqa: PLC0415

    try:
        files = DVCFileSystem(".", rev=base)
        return files, str(files.repo.get_rev())
    except DvcException as error:
        raise InputError(
            f"base: must be a branch, a tag, a commit or an experiment, got {base!r}: {_first_line(error)}; "
            "`git fetch` brings those of others"
        ) from None


def _results_of(files: "DVCFileSystem") -> Results | str:
    """Return a revision's results, or why they cannot be read."""
    try:
        return read_results(files)
    except Exception as error:  # noqa: BLE001 - every kind of remote fails in ways of its own
        # What is to be run there, the remedy says.
        return _first_line(error).partition("; run `dvc repro")[0]


def _from_predictions(base: str, old: Results, new: Results) -> list[Change]:
    if not same_test_set(old, new):
        raise InputError(
            f"{base}: must have the test images and labels that the workspace has, but has others; accuracies on other "
            f"images say nothing of the models: name a revision with the same data set"
        )
    changes = []
    for variant in _variants(list(new.models), list(old.models)):
        if variant not in old.models or variant not in new.models:
            changes.append(_in_one(variant, _mean(old, variant), _mean(new, variant)))
            continue
        change = compare_predictions(variant, old.correct[variant], new.correct[variant])
        seeds = [seed for seed in new.models[variant] if seed in old.models[variant]]
        same = all(old.models[variant][seed] == new.models[variant][seed] for seed in seeds)
        if same and not change.other_seeds:
            change = Change(variant, "unchanged", change.old, change.new, change.trainings)
        changes.append(change)
    return changes


def _from_records(base: str, files: "DVCFileSystem", commit: str) -> list[Change]:
    from dvc.api import DVCFileSystem  # noqa: PLC0415 - takes a second

    try:
        old = read_recorded(base, files)
    except InputError as error:
        raise InputError(f"{base}: {error}") from None
    new = read_recorded(None, DVCFileSystem("."))
    if not old.same_test_set(new):
        raise InputError(
            f"{base}: must have the test images and labels that the workspace has, and git does not show that it has; "
            f"{remedy(commit)}"
        )
    known = {row["variant"]: row for row in Evaluated().comparison().to_dict("records")}
    changes = []
    for variant in _variants(list(new.accuracies), list(old.accuracies)):
        before, after = old.accuracies.get(variant), new.accuracies.get(variant)
        if before is None or after is None:
            changes.append(_in_one(variant, before, after))
        elif old.models[variant] is not None and old.models[variant] == new.models[variant]:
            changes.append(Change(variant, "unchanged", before, after, new.trainings))
        else:
            row = known[variant]
            half = max(row["accuracy"] - row["accuracy_low"], row["accuracy_high"] - row["accuracy"])
            now = Known(row["accuracy"], half, int(row["seeds"]))
            changes.append(compare_figures(variant, before, old.trainings, now))
    return changes


def remedy(commit: str) -> str:
    """Return what brings a revision's predictions into DVC's cache.

    Not in this folder: there, the models of variants that only one of the two has would be left over.

    Args:
        commit: the digest of its commit.
    """
    return (
        "push them with `dvc push` where they were made, or make them again in a clone that shares this cache: "
        f"`git clone . ../base`, there `git switch --detach {commit[:DIGITS]}`, "
        "`dvc cache dir --local <this folder>/.dvc/cache` and `dvc repro`"
    )


def _variants(new: list[str], old: list[str]) -> list[str]:
    return list(dict.fromkeys([*new, *old]))


def _in_one(variant: str, old: float | None, new: float | None) -> Change:
    return Change(variant, "new" if old is None else "removed", old, new)


def _mean(results: Results, variant: str) -> float | None:
    trainings = results.correct.get(variant)
    return None if trainings is None else float(sum(each.mean() for each in trainings.values()) / len(trainings))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
