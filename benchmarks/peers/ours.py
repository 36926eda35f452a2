"""The project's own trainer: all seeds of a request side by side, in one process."""

import functools

from benchmarks.side_by_side import fit_side_by_side
from benchmarks.work import LEARNING_RATE, Data, Predict, Work
from hemline.families.dense import DenseSettings
from hemline.training.model import predict
from hemline.training.trainer import Trainer


class Peer:
    """Keeps the compiled program of each row."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._trainers: dict[str, Trainer] = {}

    def train(self, work: Work, seeds: list[int]) -> list[Predict]:
        """Train once per seed."""
        if repr(work) not in self._trainers:
            self._trainers[repr(work)] = self._trainer(work)
        models = fit_side_by_side(self._trainers[repr(work)], seeds)
        return [functools.partial(predict, models[seed]) for seed in seeds]

    def _trainer(self, work: Work) -> Trainer:
        training = DenseSettings(
            hidden=work.hidden, epochs=work.epochs, batch_size=work.batch_size, learning_rate=LEARNING_RATE
        )
        return Trainer("bench", training, self._data.n_classes, self._data.train)
