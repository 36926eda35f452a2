"""scikit-learn: ``MLPClassifier``."""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.work import LEARNING_RATE, Data, Predict, Work


class Peer:
    """Takes the images as they are, flat."""

    def __init__(self, data: Data) -> None:
        self._images = data.train.images.reshape(len(data.train.images), -1)
        self._labels = data.train.labels

    def train(self, work: Work, seeds: list[int]) -> list[Predict]:
        """Train once per seed, one after the other."""
        return [self._train_one(work, seed) for seed in seeds]

    def _train_one(self, work: Work, seed: int) -> Predict:
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
