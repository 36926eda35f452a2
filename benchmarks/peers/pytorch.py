"""PyTorch: the usual loop over batches with fused Adam, as it is and through ``torch.compile``."""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.work import LEARNING_RATE, Data, Predict, Work


class _Program(NamedTuple):
    model: torch.nn.Sequential
    loss: Callable[[torch.Tensor], torch.Tensor]  # of the images at these places


class Peer:
    """Compiles each row once: a further training starts from new weights and a fresh optimizer."""

    def __init__(self, data: Data, compiled: bool = False, threads: int | None = None) -> None:
        if threads:
            torch.set_num_threads(threads)
        self._images = torch.from_numpy(data.train.images).flatten(1)
        self._labels = torch.from_numpy(data.train.labels.astype(np.int64))
        self._sizes = (self._images.shape[1], data.n_classes)
        self._compiled = compiled
        self._programs: dict[str, _Program] = {}

    def train(self, work: Work, seeds: list[int]) -> list[Predict]:
        """Train once per seed, one after the other."""
        return [self._train_one(work, seed) for seed in seeds]

    def _train_one(self, work: Work, seed: int) -> Predict:
        if repr(work) not in self._programs:
            self._programs[repr(work)] = self._program(work)
        model, loss = self._programs[repr(work)]
        torch.manual_seed(seed)
        model.apply(_start)
        optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE, fused=True)
        # The last batch, if smaller, is left out: torch.compile would compile another program for it.
        n_whole = len(self._labels) // work.batch_size * work.batch_size
        for _ in range(work.epochs):
            for places in torch.randperm(len(self._labels))[:n_whole].view(-1, work.batch_size):
                optimizer.zero_grad()
                loss(places).backward()
                optimizer.step()
        return lambda images: _scores(model, images)

    def _program(self, work: Work) -> _Program:
        n_pixels, n_classes = self._sizes
        layers: list[torch.nn.Module] = []
        for before, units in itertools.pairwise([n_pixels, *work.hidden]):
            layers += [torch.nn.Linear(before, units), torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers, torch.nn.Linear([n_pixels, *work.hidden][-1], n_classes))

        def loss(places: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.cross_entropy(model(self._images[places]), self._labels[places])

        return _Program(model, torch.compile(loss) if self._compiled else loss)


def _start(layer: torch.nn.Module) -> None:
    """Give a dense layer the initial weights that Keras gives it."""
    if isinstance(layer, torch.nn.Linear):
        torch.nn.init.xavier_uniform_(layer.weight)
        torch.nn.init.zeros_(layer.bias)


def _scores(model: torch.nn.Module, images: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.no_grad():
        return np.asarray(model(torch.from_numpy(images).flatten(1)))
