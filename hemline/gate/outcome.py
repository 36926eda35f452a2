"""The comparison of the workspace's results with those of another revision, image by image."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hemline.comparison.metrics import ACCURACY, Decision, Metric, decision_of
from hemline.comparison.units import POINTS
from hemline.errors import InputError, first_line
from hemline.gate.changes import Change, Judged, compare_predictions, judge
from hemline.gate.results import Results, read_results, same_test_set

if TYPE_CHECKING:
    from dvc.api import DVCFileSystem


# Digits of a commit in printed text.
DIGITS = 7


class Outcome(NamedTuple):
    """The result of the gate."""

    base: str  # the name of the other revision, as given
    commit: str  # the digest of its commit
    judged: list[Judged]  # every variant of either revision
    margin: float | None  # the loss not to exceed, a share for accuracies; None: any loss that is shown
    baseline: str
    images: int
    groups: int  # the number of groups of images; 0 if images are independent
    metric: Metric = ACCURACY  # the deciding metric

    @property
    def failed(self) -> list[Judged]:
        """The variants for which the gate fails."""
        return [each for each in self.judged if each.fails]


def compare_with(base: str, margin: float | None, baseline: str, metric: Metric = ACCURACY) -> Outcome:
    """Compare the workspace with a Git revision or a DVC experiment; ``margin`` as in ``judge``.

    The workspace's ``metric`` decides, even if the other revision has a different one.

    Raises:
        InputError: the workspace's results are out of date, there is no such revision, its predictions are missing, or
            the two have different test images.
    """
    check_current()
    files, commit = _files_of(base)
    decision = decision_of(metric)
    new = read_results(decision)
    changes = _changes(base, _results_of(base, files, commit, decision), new, metric)
    groups = 0 if new.groups is None else len(np.unique(new.groups))
    judged = judge(changes, margin, shares=decision.unit is POINTS)
    return Outcome(base, commit, judged, margin, baseline, len(new.test.labels), groups, metric)


def check_current() -> None:
    """Check that the workspace's results match its code, parameters and data.

    Raises:
        InputError: names the stages that `dvc repro` would run.
    """
    from dvc.exceptions import DvcException  # noqa: PLC0415 - takes a second
    from dvc.repo import Repo  # noqa: PLC0415

    try:
        with Repo(".") as repository:
            stages = list(repository.status())
    except DvcException as error:
        raise InputError(f"dvc status: {first_line(error)}") from None
    if stages:
        raise InputError(
            "workspace: must hold the results of its current code, parameters and data, but these stages have changed: "
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
            f"base: must be a branch, a tag, a commit or an experiment, got {base!r}: {first_line(error)}; "
            "`git fetch` brings those of others"
        ) from None


def _results_of(base: str, files: "DVCFileSystem", commit: str, decision: Decision) -> Results:
    try:
        return read_results(decision, files)
    except Exception as error:  # noqa: BLE001 - every kind of remote fails in ways of its own
        reason = first_line(error).partition("; run `dvc repro")[0]
        # In a clone, because in this folder, models of variants in one revision only would be left over.
        raise InputError(
            f"{base}: its predictions cannot be read ({reason}); push them with `dvc push` where they were made, or "
            f"make them again in a clone that shares this cache: `git clone . ../base`, there `git switch --detach "
            f"{commit[:DIGITS]}`, `dvc cache dir --local <this folder>/.dvc/cache` and `dvc repro`"
        ) from None


def _changes(base: str, old: Results, new: Results, metric: Metric = ACCURACY) -> list[Change]:
    decision = decision_of(metric)
    if not same_test_set(old, new):
        raise InputError(
            f"{base}: must have the test images and labels that the workspace has, but has others; accuracies on other "
            f"images cannot be compared; name a revision with the same data set"
        )
    changes = []
    for variant in dict.fromkeys([*new.models, *old.models]):
        before, now = _mean(old, variant, decision), _mean(new, variant, decision)
        if before is None or now is None:
            changes.append(Change(variant, "new" if before is None else "removed", before, now))
            continue
        scores, labels = (old.scores[variant], new.scores[variant]), new.test.labels
        change = compare_predictions(variant, *scores, new.groups, metric=metric, labels=labels)
        # A model that does not depend on the seed also has one training.
        if change.other_seeds == 1 and all(len(models) == 1 for models in new.models.values()):
            (seed, *_), (own, *_) = old.models[variant], new.models[variant]
            raise InputError(
                f"{base}: {variant}: has one training, of seed {seed}, and here one of seed {own}: another seed "
                "alone makes a model better or worse; give both revisions the same seed, or four seeds or more"
            )
        seeds = [seed for seed in new.models[variant] if seed in old.models[variant]]
        same = all(old.models[variant][seed] == new.models[variant][seed] for seed in seeds)
        if same and not change.other_seeds:
            change = Change(variant, "unchanged", change.old, change.new, change.trainings)
        changes.append(change)
    return changes


def _mean(results: Results, variant: str, decision: Decision) -> float | None:
    trainings = results.scores.get(variant)
    return None if trainings is None else decision.value(np.stack(list(trainings.values())), results.test.labels)
