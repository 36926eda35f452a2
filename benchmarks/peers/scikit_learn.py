"""scikit-learn: ``MLPClassifier``, and for the network without hidden layers ``LogisticRegression``."""

import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from benchmarks.work import LEARNING_RATE, Data, Predict, Work

# LogisticRegression uses no Adam and counts no epochs: so many iterations reach the accuracy of one or two.
_ITERATIONS = 40


class Peer:
    """Both take the images as they are, flat."""

    def __init__(self, data: Data, logistic: bool) -> None:
        self._images = data.train.images.reshape(len(data.train.images), -1)
        self._labels = data.train.labels
        self._logistic = logistic

    def train(self, work: Work, seeds: list[int]) -> list[Predict]:
        """Train once per seed, one after the other."""
        return [self._train_one(work, seed) for seed in seeds]

    def _train_one(self, work: Work, seed: int) -> Predict:
        model: Any
        if self._logistic:
            model = LogisticRegression(max_iter=_ITERATIONS)
        else:
            model = MLPClassifier(
                work.hidden,
                batch_size=work.batch_size,
                learning_rate_init=LEARNING_RATE,
                alpha=0.0,
                max_iter=work.epochs,
                random_state=seed,
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(self._images, self._labels)
        return lambda images: model.predict_proba(images.reshape(len(images), -1))
