"""The trainings of all variants, scored and compared: from probabilities to the tables that evaluate writes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.comparison.calibration import Calibrations
from hemline.comparison.confusion import Answers, confusion, confusion_difference
from hemline.comparison.confusion import most_frequent as most_frequent_confusions
from hemline.comparison.convergence import holds_only_so_far, still_improves
from hemline.comparison.doubts import Doubts, Predicted, doubts
from hemline.comparison.facts import Facts
from hemline.comparison.metrics import ACCURACY, ImageScores, Metric, computed_metrics, correct, decision_of
from hemline.comparison.pairs import compare_pairs, may_be_best
from hemline.comparison.power import cautious_parts, detectable_gain
from hemline.comparison.scores import Score, score
from hemline.comparison.searches import by_search
from hemline.comparison.selection import Selection, mean_validation, select, select_by_splits
from hemline.comparison.statistics import Interval, Row, accuracy_interval, figure_interval, table
from hemline.data.duplicates import Duplicates
from hemline.data.imbalance import is_imbalanced, most_frequent

_CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")


def by_seed(rows: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return arrays (seeds, images) with equally many rows for all: one row, or one of each search, is repeated."""
    seeds = max(len(each) for each in rows.values())
    return {
        variant: np.broadcast_to(each, (seeds, each.shape[1]))
        if len(each) == 1
        else np.repeat(each, seeds // len(each), axis=0)
        for variant, each in rows.items()
    }


class Evaluation:
    """The scores and comparisons of variants, added one by one; each table covers those added so far.

    Attributes:
        baseline: the variant that the others are compared with.
        classes: the classes' names.
        labels: int (images,), the true classes of the test images.
        variants: those added, in their order.
        doubts: the suspected label errors; set by the caller that has predictions on validation images.
        calibrations: of the variants; the caller adds them, likewise.
    """

    def __init__(
        self,
        baseline: str,
        classes: Sequence[str],
        labels: NDArray[np.integer],
        train_labels: NDArray[np.integer],
        duplicates: Duplicates | None = None,
        *,
        groups: NDArray[np.integer[Any]] | None = None,
        validation_groups: NDArray[np.integer[Any]] | None = None,
        metric: Metric = ACCURACY,
        margin: float | None = None,
        searches: int = 1,
    ) -> None:
        """Store the data that all variants share.

        Args:
            baseline: the name of a variant that will be added.
            classes: the classes' names.
            labels: int (images,), the true classes of the test images.
            train_labels: int (n,), those of the training images.
            duplicates: the test images that are also training or validation images; None: none of them.
            groups: int (images,), the group of each test image; None: images are independent.
            validation_groups: likewise for the validation images; not used where seeds have splits of their own.
            metric: the deciding metric.
            margin: the largest difference that does not matter, as printed: in points for shares; None: not set.
            searches: of each variant's settings; its trainings follow each other by search, equally many of each.
        """
        self._searches = searches
        self._metric, self._decision = metric, decision_of(metric)
        self._margin = None if margin is None else margin / self._decision.unit.factor
        self.baseline, self.classes, self.labels = baseline, list(classes), labels
        self.variants: list[str] = []
        self.doubts: Doubts = doubts("", {}, classes)
        self.calibrations = Calibrations(labels, groups, searches)
        self._most_frequent, self._train_images = most_frequent(train_labels), len(train_labels)
        none = np.zeros(len(labels), np.bool_)
        self._groups, self._validation_groups = groups, validation_groups
        self._duplicates = duplicates or Duplicates(none, none)
        self._runs: list[dict[str, Any]] = []
        self._parameters: dict[str, int] = {}
        self._curves: dict[str, pd.DataFrame] = {}
        self._improves: dict[str, bool | None] = {}
        self._scores: dict[str, list[Score]] = {}
        # (seeds, images), of the smallest type, because those of all variants are in memory at once.
        self._predicted: dict[str, NDArray[np.integer]] = {}
        # (seeds, images), by the deciding metric, unless the predicted classes determine it.
        self._image_scores: dict[str, ImageScores] = {}
        # by variant, the scores on the validation images with their labels; where seeds have splits of their own, of
        # each seed
        self._validation: dict[str, list[tuple[ImageScores, NDArray[np.integer]]]] = {}
        self._confusion: dict[str, NDArray[np.int64]] = {}
        self._comparison: pd.DataFrame | None = None
        self._pairs: pd.DataFrame | None = None
        self._solved: ImageScores | None = None
        self._solved_name = ""

    def add(
        self,
        variant: str,
        history: pd.DataFrame,
        probabilities: NDArray[np.float32],
        models: Mapping[int, str],
        parameters: int,
        *,
        has_epochs: bool = True,
        steps_per_epoch: float = math.inf,
        validation: Sequence[Predicted] = (),
    ) -> None:
        """Add a variant.

        Args:
            variant: its name.
            history: a row per seed and epoch.
            probabilities: on the test images, float32 (seeds, images, classes).
            models: the SHA-256 of its models, by seed, in the order of the probabilities.
            parameters: the number of weights of a model.
            has_epochs: whether more epochs could change its models.
            steps_per_epoch: of the optimizer.
            validation: its models' predictions on the validation images, for the choice of a variant; where seeds have
                splits of their own, one for each seed.

        Raises:
            InputError: the probabilities do not match the labels and classes.
        """
        self._scores[variant] = [score(each, self.labels, self.classes, self._metric) for each in probabilities]
        smallest = np.min_scalar_type(len(self.classes) - 1)
        predicted = np.stack([each.argmax(axis=1).astype(smallest) for each in probabilities])
        self._predicted[variant] = predicted
        if self._decision.image_scores is not correct:
            self._image_scores[variant] = np.stack([self._decision.scores(each, self.labels) for each in probabilities])
        self._confusion[variant] = np.sum(
            [confusion(self.labels, each, len(self.classes)) for each in predicted], axis=0
        )
        self._curves[variant] = history.groupby("epoch")[list(_CURVES)].mean()
        self._improves[variant] = still_improves(history, steps_per_epoch) if has_epochs else False
        self._parameters[variant] = parameters
        of_seeds = [(own, each.labels) for each in validation for own in each.probabilities]
        for place, ((seed, sha256), scored) in enumerate(zip(models.items(), self._scores[variant], strict=True)):
            last = history[history.seed == seed].iloc[-1]
            row = {"variant": variant, "seed": seed, "epochs": int(last["epoch"])}
            figures = {key: last[key] for key in _CURVES}
            if validation and (key := f"val_{self._metric.key}") not in figures:
                figures[key] = self._metric.compute(*of_seeds[place]) if len(of_seeds[place][1]) else np.nan
            test = {f"test_{key}": value for key, value in scored.metrics.items()}
            self._runs.append(row | figures | test | {"test_accuracy": scored.accuracy, "model_sha256": sha256})
        if any(len(each.labels) for each in validation):
            self._validation[variant] = [
                (np.stack([self._decision.scores(own, each.labels) for own in each.probabilities]), each.labels)
                for each in validation
            ]
        self.variants.append(variant)
        self._comparison = self._pairs = None

    def add_solved(self, probabilities: NDArray[np.float32], name: str = "") -> None:
        """Add the solution of the trained linear baseline, for a second comparison.

        Args:
            probabilities: on the test images, float32 (seeds, images, classes), or of one seed.
            name: of the variant with this solution; empty: none.
        """
        self._solved, self._solved_name = self._decision.scores(probabilities, self.labels), name
        self._comparison = None

    def accuracies(self, variant: str) -> NDArray[np.float64]:
        """Return the test accuracy of each seed."""
        return np.array([scored.accuracy for scored in self._scores[variant]])

    def runs(self) -> pd.DataFrame:
        """Return a row per training: its last epoch, its test metrics, its model."""
        return pd.DataFrame(self._runs)

    def curves(self) -> pd.DataFrame:
        """Return loss and accuracy by variant and epoch, means over the seeds."""
        return pd.concat(self._curves, names=["variant"]).round(6)

    def comparison(self) -> pd.DataFrame:
        """Return a row per variant: accuracy and gain with their intervals, the other metrics, the test, the verdict.

        ``still_improves`` is yes, no or unknown. ``so_far`` is true if more epochs could overturn the verdict, or if no
        gain is shown over the solution of a trained linear baseline (``over_solved...``). ``detectable`` is the gain
        that these seeds and images show in 80 % of cases. ``may_be_best`` is true if no other variant is shown to be
        better.

        Raises:
            InputError: the comparison is not possible.
        """
        if self._comparison is None:
            scores = self._scores_by_seed()
            rows = [self._comparison_row(row, scores[row.variant]) for row in self._table(scores, self.baseline)]
            table = pd.DataFrame(rows if self._solved is None else self._over_solved(rows, scores))
            table["may_be_best"] = table["variant"].isin(may_be_best(self.pairs(), self.variants))
            self._comparison = table
        return self._comparison

    def pairs(self) -> pd.DataFrame:
        """Return a row per pair of variants, the one that leads by validation first: see ``compare_pairs``."""
        if self._pairs is None:
            labels = self.labels if self._decision.by_class else None
            scores = self._scores_by_seed()
            order, groups = self._ranking(), self._groups
            self._pairs = compare_pairs(
                scores, order, self._margin, groups=groups, labels=labels, shares=self._are_shares()
            )
        return self._pairs

    def _ranking(self) -> list[str]:
        """Return the variants by their means on validation images; without such images, in the order added."""
        if not self._validation:
            return self.variants
        sign = 1 if self._decision.is_loss else -1
        return sorted(self.variants, key=lambda name: sign * float(np.mean(self._validation_values(name))))

    def _validation_values(self, name: str) -> list[float]:
        """Return the deciding metric of a variant on each set of validation images."""
        return [self._decision.value(scores, labels) for scores, labels in self._validation[name]]

    def _table(self, scores: Mapping[str, ImageScores], baseline: str) -> list[Row]:
        labels = self.labels if self._decision.by_class else None
        return table(scores, baseline, groups=self._groups, labels=labels, shares=self._are_shares())

    def _are_shares(self) -> bool:
        return self._decision.image_scores is correct

    def _over_solved(self, rows: list[dict[str, Any]], scores: Mapping[str, ImageScores]) -> list[dict[str, Any]]:
        """Add gains over the solved linear model to the rows; a gain not shown over it holds only so far."""
        others = {variant: own for variant, own in scores.items() if variant != self._solved_name}
        solved = np.broadcast_to(np.asarray(self._solved), next(iter(others.values())).shape)
        over = {row.variant: row for row in self._table({"": solved} | others, "")}
        for row in rows:
            own = over.get(row["variant"])
            if own is not None and own.comparison is not None:
                gain = own.comparison
                row |= {"over_solved": gain.gain, "over_solved_low": gain.low, "over_solved_high": gain.high}
                row["over_solved_verdict"] = own.verdict
                row["so_far"] |= row["verdict"] == "better" and own.verdict != "better"
        return rows

    def _scores_by_seed(self) -> dict[str, ImageScores]:
        """Return the image scores by the deciding metric, equally many rows for all: of seeds, or means of searches."""
        if self._image_scores:
            return self._by_search(by_seed(self._image_scores))
        return self._by_search({name: each == self.labels for name, each in by_seed(self._predicted).items()})

    def _by_search(self, scores: Mapping[str, ImageScores]) -> dict[str, ImageScores]:
        return {variant: by_search(each, self._searches) for variant, each in scores.items()}

    def facts(self) -> Facts:
        """Return the facts about the data."""
        return Facts(
            most_frequent=self.classes[self._most_frequent],
            most_frequent_rate=float((self.labels == self._most_frequent).mean()),
            imbalanced=is_imbalanced(self.labels),
            groups=0 if self._groups is None else len(np.unique(self._groups)),
            duplicates=int(self._duplicates.found.sum()),
            relabelled=int(self._duplicates.relabelled.sum()),
            doubted_by=self.doubts.variant,
            doubted_among=self.doubts.images,
            likely_errors=self.doubts.likely_errors,
        )

    def metrics(self) -> dict[str, dict[str, float]]:
        """Return each variant's values for ``dvc metrics diff`` and ``dvc exp show``.

        They include the deciding metric on the validation images, by which people should choose.
        """
        chosen_by, validation = f"val_{self._metric.key}", mean_validation(self.runs(), self._metric)
        keys = ["accuracy", *(each.key for each in computed_metrics(self._metric.key))]
        keys += ["gain", "gain_low", "gain_high", chosen_by]
        rows = [row | {chosen_by: validation[row["variant"]]} for row in self.comparison().to_dict("records")]
        return {row["variant"]: {key: round(row[key], 6) for key in keys if not pd.isna(row[key])} for row in rows}

    def selection(self) -> Selection:
        """Return the choice of a variant by the validation images."""
        if not self._validation:
            return Selection(metric=decision_of(self._metric).name)
        first = self._validation[self.baseline]
        if len(first) > 1:
            values = pd.DataFrame({name: self._validation_values(name) for name in self.variants})
            ratio = float(np.mean([len(labels) for _, labels in first])) / self._train_images
            return select_by_splits(values, ratio, self._parameters, self.baseline, self._metric)
        labels = first[0][1]
        scores = self._by_search(by_seed({name: own[0][0] for name, own in self._validation.items()}))
        groups = self._validation_groups
        return select(scores, labels, self._parameters, self.baseline, self._metric, groups=groups)

    def confusion(self, variant: str) -> NDArray[np.int64]:
        """Return the confusion matrix of a variant, summed over its seeds: true classes in rows."""
        return self._confusion[variant]

    def difference(self, variant: str) -> NDArray[np.float64]:
        """Return the confusion matrix of a variant minus that of the baseline, in shares of each true class."""
        return confusion_difference(self.confusion(variant), self.confusion(self.baseline))

    def confusions(self, variant: str) -> pd.DataFrame:
        """Return the tested confusions of a variant and the baseline: see ``confusion.most_frequent``."""
        predicted = by_seed(self._predicted)
        answers = Answers(self.labels, predicted[variant], predicted[self.baseline], self._groups, self._searches)
        return most_frequent_confusions(answers, self.classes)

    def per_class(self, variant: str) -> pd.DataFrame:
        """Return precision, recall and F1 of each class, means over the seeds, and its number of images."""
        tables = [scored.per_class for scored in self._scores[variant]]
        return pd.concat(tables).groupby(level=0, sort=False).mean()

    def predicted(self, variant: str) -> NDArray[np.integer]:
        """Return the predicted class of each test image by each seed's model, unsigned (seeds, images)."""
        return self._predicted[variant]

    def predictions(self, variant: str) -> pd.DataFrame:
        """Return the actual and the predicted class of each test image, for the first seed."""
        # As objects: NumPy's strings would take the length of the longest name for each image.
        names = np.array(self.classes, dtype=object)
        return pd.DataFrame({"actual": names[self.labels], "predicted": names[self._predicted[variant][0]]})

    def _comparison_row(self, row: Row, scores: ImageScores) -> dict[str, Any]:
        gain, improves = row.comparison, self._improves[row.variant]
        right = by_seed(self._predicted)[row.variant] == self.labels
        accuracy = self._accuracy(by_search(right, self._searches))
        return {
            "variant": row.variant,
            "seeds": max(map(len, self._scores.values())),
            "parameters": self._parameters[row.variant],
            "accuracy": accuracy.estimate,
            "accuracy_low": accuracy.low,
            "accuracy_high": accuracy.high,
            "accuracy_without_duplicates": self._accuracy_without_duplicates(row.variant),
            **self._metrics_of(row.variant, scores),
            "gain": gain.gain if gain else None,
            "gain_low": gain.low if gain else None,
            "gain_high": gain.high if gain else None,
            "p_value": row.p_value,
            "p_holm": row.adjusted_p_value,
            "verdict": row.verdict or "baseline",
            "detectable": self._detectable(row),
            "still_improves": {True: "yes", False: "no", None: "unknown"}[improves],
            "so_far": holds_only_so_far(row.verdict, improves, self._improves[self.baseline]),
        }

    def _accuracy(self, right: ImageScores) -> Interval:
        """Return the mean accuracy with its interval: of trainings, bool, or of searches, shares of their trainings."""
        if right.dtype == np.bool_:
            return accuracy_interval(right, groups=self._groups)
        return figure_interval(float(right.mean()), right, groups=self._groups)

    def _detectable(self, row: Row) -> float | None:
        """Return the gain that is shown in 80 % of cases; None for the baseline, and for single trainings."""
        if row.comparison is None or row.comparison.parts.n_seeds == 1:
            return None
        return detectable_gain(cautious_parts(row.comparison.parts), len(self.variants) - 1)

    def _metrics_of(self, variant: str, image_scores: ImageScores) -> dict[str, float]:
        """Return the means over seeds of the metrics other than accuracy, and the ends of their intervals."""
        figures: dict[str, float] = {}
        for metric in computed_metrics(self._metric.key):
            mean = float(np.mean([scored.metrics[metric.key] for scored in self._scores[variant]]))
            figures[metric.key] = mean
            if metric.scores:
                size = 1.0 if self._groups is None else len(self.labels) / len(np.unique(self._groups))
                scores = metric.scores(self.labels, self._predicted[variant], len(self.classes), size)
                scores = by_search(scores, self._searches)
                interval = figure_interval(mean, scores, groups=self._groups)
            elif metric is self._metric:
                losses = -image_scores if self._decision.is_loss else image_scores
                interval = figure_interval(mean, losses, groups=self._groups, bounds=self._decision.bounds)
            else:
                continue
            figures |= {f"{metric.key}_low": interval.low, f"{metric.key}_high": interval.high}
        return figures

    def _accuracy_without_duplicates(self, variant: str) -> float | None:
        """Return the mean accuracy over seeds on the test images that are no duplicates; None without any."""
        rest = ~self._duplicates.found
        return float((self._predicted[variant] == self.labels)[:, rest].mean()) if rest.any() else None
