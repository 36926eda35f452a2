"""``keras.Model.fit``: on its defaults, and with every setting that its documentation offers for speed."""

import functools
from typing import Any

import keras
import tensorflow as tf

from benchmarks.networks import dense_network, predict
from benchmarks.work import LEARNING_RATE, Data, Predict, Work

# How many steps one call of the compiled function takes; more are no faster.
_STEPS_PER_EXECUTION = 375


class Peer:
    """Compiles each row once: a further training starts from new weights and a fresh optimizer."""

    def __init__(self, data: Data, tuned: bool, threads: int | None = None) -> None:
        self._data, self._tuned = data, tuned
        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        self._compiled: dict[str, tuple[keras.Model, list[Any]]] = {}
        self._datasets: dict[int, tf.data.Dataset] = {}

    def train(self, work: Work, seeds: list[int]) -> list[Predict]:
        """Train once per seed, one after the other."""
        return [self._train_one(work, seed) for seed in seeds]

    def _train_one(self, work: Work, seed: int) -> Predict:
        if repr(work) not in self._compiled:
            self._compiled[repr(work)] = self._compile(work)
        model, fresh_optimizer = self._compiled[repr(work)]
        model.set_weights(self._build(work, seed).get_weights())
        for variable, value in zip(model.optimizer.variables, fresh_optimizer, strict=True):
            variable.assign(value)
        images, labels, _ = self._data.train
        if self._tuned:
            model.fit(self._dataset(work.batch_size), epochs=work.epochs, verbose=0)
        else:
            model.fit(images, labels, batch_size=work.batch_size, epochs=work.epochs, verbose=0)
        return functools.partial(predict, model)

    def _build(self, work: Work, seed: int) -> keras.Sequential:
        return dense_network(work.hidden, self._data.train.images.shape[1:], self._data.n_classes, seed)

    def _compile(self, work: Work) -> tuple[keras.Model, list[Any]]:
        model = self._build(work, 0)
        settings = {"jit_compile": True, "steps_per_execution": _STEPS_PER_EXECUTION} if self._tuned else {}
        optimizer = keras.optimizers.Adam(LEARNING_RATE)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **settings)
        optimizer.build(model.trainable_variables)
        return model, [variable.numpy() for variable in optimizer.variables]

    def _dataset(self, batch_size: int) -> tf.data.Dataset:
        """Return the images in another order at each pass; made once, because the copy and the cache stay."""
        if batch_size not in self._datasets:
            images, labels, _ = self._data.train
            dataset = tf.data.Dataset.from_tensor_slices((images, labels)).cache()
            dataset = dataset.shuffle(len(labels), seed=0).batch(batch_size, drop_remainder=True)
            self._datasets[batch_size] = dataset.prefetch(tf.data.AUTOTUNE)
        return self._datasets[batch_size]
