"""The outputs of all earlier stages; nothing is computed or trained here.

Only the variants of params.yaml are read; folders of old variants are ignored.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.comparison.evaluated import Evaluated
from hemline.comparison.facts import Facts
from hemline.comparison.metrics import Decision, Metric, computed_metrics, decision_of, find_metric, shown_metrics
from hemline.comparison.selection import Selection, mean_validation
from hemline.data.description import Dataset, load_dataset
from hemline.data.findings import Findings
from hemline.data.normalized import Labelled, Normalized
from hemline.jobs.trained import Trained
from hemline.params import TUNED, Params
from hemline.report.tuning import Searched, searched


@dataclass(frozen=True)
class Results:
    """Everything that the report shows. Tables hold the variants of params.yaml, in its order."""

    params: Params  # the settings
    source: Dataset  # the data set
    train: Labelled  # the training images
    test: Labelled  # the test images
    # by set, those whose labels may be doubted: (n, h, w) or (n, h, w, channels)
    judged: dict[str, NDArray[Any]]
    facts: Facts  # about the data, the same for all variants
    selection: Selection  # the choice by the validation images
    doubted: pd.DataFrame  # one row a suspicious label, the worst first
    comparison: pd.DataFrame  # one row a variant
    pairs: pd.DataFrame  # one row a pair of variants, the best by validation first
    runs: pd.DataFrame  # one row a training
    layers: pd.DataFrame  # one row a layer of a variant
    megabytes: dict[str, float]  # by variant, of the file of a model
    notes: dict[str, list[str]]  # by variant, sentences about its trainings
    history: pd.DataFrame  # one row an epoch of a training
    # by variant, one row a class: ``precision``, ``recall``, ``f1``, ``support``; NaN where undefined
    per_class: dict[str, pd.DataFrame]
    # by variant, counts (classes, classes) over all seeds; rows are the true classes
    confusion: dict[str, NDArray[Any]]
    difference: dict[str, NDArray[Any]]  # by variant other than the baseline, its row shares minus the baseline's
    calibration: pd.DataFrame  # one row a variant
    reliability: pd.DataFrame  # one row a variant and bin of confidence
    confusions: dict[str, pd.DataFrame]  # by variant other than the baseline, one row a tested confusion
    warnings: list[str]  # reasons to distrust results from this data, in sentences
    # int (test images,), the group of each image; None: images are independent
    groups: NDArray[Any] | None
    searches: dict[str, Searched]  # by variant, the searches of settings; none by default
    root: Path

    @cached_property
    def validation(self) -> "pd.Series[float]":
        """Mean of the deciding metric on validation images, by variant in params.yaml's order; NaN without any."""
        return mean_validation(self.runs, self.metric)

    @property  # not cached: figures are drawn in other processes, and its functions cannot be pickled
    def metric(self) -> Metric:
        """The deciding metric."""
        return find_metric(self.params.metric)

    @property
    def decision(self) -> Decision:
        """The use of the deciding metric."""
        return decision_of(self.metric)

    @property
    def shown_metrics(self) -> list[Metric]:
        """The metrics in the table, other than accuracy."""
        return shown_metrics(self.metric.key, imbalanced=self.facts.imbalanced)

    @property
    def others(self) -> list[str]:
        """The variants other than the baseline."""
        return [name for name in self.params.variants if name != self.params.baseline]

    def probabilities(self, variant: str) -> NDArray[np.float32]:
        """Return the probabilities that a variant gives the test images, float32 (seeds, test images, classes).

        Raises:
            InputError: they are missing, or belong to other test images.
        """
        shape = (len(self.params.seeds_of(variant)), len(self.test.labels), len(self.source.classes))
        return Trained(variant, self.root / Trained.PATH).probabilities("test", shape)


def load_results(params: Params, root: Path = Path()) -> Results:
    """Load the outputs of download, normalize, train and evaluate.

    Args:
        params: the settings; they say which variants to read.
        root: the repository's top folder.

    Raises:
        InputError: a file is missing or damaged, or lacks a variant.
    """
    names = list(params.variants)
    normalized = Normalized(root / Normalized.PATH)
    evaluated = Evaluated(root / Evaluated.PATH)
    trained = {name: Trained(name, root / Trained.PATH) for name in names}
    keys = ["accuracy_without_duplicates", *(each.key for each in computed_metrics(find_metric(params.metric).key))]
    calibration, reliability = evaluated.calibrations()
    test, findings = normalized.read("test"), Findings(root / Findings.PATH)
    return Results(
        params=params,
        source=load_dataset(params.dataset, root / "data"),
        train=normalized.of_seed(params.seeds[0]).read("train"),
        test=test,
        judged={name: normalized.images(name) for name in normalized.sets if name != "train"},
        facts=evaluated.facts(),
        selection=evaluated.selection(),
        doubted=evaluated.doubted(),
        comparison=evaluated.comparison(names, keys),
        pairs=evaluated.pairs(),
        runs=evaluated.runs(names),
        layers=pd.concat([each.layers().assign(variant=name) for name, each in trained.items()], ignore_index=True),
        megabytes={name: each.megabytes(params.seeds_of(name)[0]) for name, each in trained.items()},
        notes={name: each.notes() for name, each in trained.items()},
        history=pd.concat([each.history().assign(variant=name) for name, each in trained.items()], ignore_index=True),
        per_class={name: evaluated.per_class(name) for name in names},
        confusion={name: evaluated.confusion(name) for name in names},
        difference={name: evaluated.difference(name, params.baseline) for name in names if name != params.baseline},
        confusions={name: evaluated.confusions(name) for name in names if name != params.baseline},
        calibration=calibration,
        reliability=reliability,
        warnings=findings.warnings(),
        groups=findings.groups(len(test.labels)),
        searches=searched(names, root / TUNED),
        root=root,
    )
