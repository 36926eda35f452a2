"""The compiled trainer: a whole epoch, thousands of steps, is one XLA program.

``keras.Model.fit`` returns to Python for every batch, and for networks this small that costs several times the
arithmetic. Here weights, optimizer state and data are arguments of one program, which loops over the batches itself.
It is traced once per variant; its seeds share it, and run side by side, each on a device of its own (``own_device``).
"""

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from hemline.data.normalized import Labelled
from hemline.errors import InputError
from hemline.training.model import DenseLayers, Network
from hemline.training.optimizers import OPTIMIZERS, Tensors
from hemline.training.resume import Arrays, TrainingState
from hemline.training.settings import FitSettings
from hemline.training.streaming import Chunk, Held, Parts, Pixels, Resident, Streamed, hold, resident_or_streamed
from hemline.training.tensorflow import PROGRAM_FOLDER, keras, tf

# Images in one step of an evaluation: large enough to be fast, small enough to stay in the cache.
_EVALUATION_BATCH = 512
# Images in one call of the program that predicts, and their bytes: few enough to be copied from a large file a part at
# a time.
_PREDICTION_BATCH, _PREDICTION_BYTES = 2048, 32 * 2**20
# ... of which it takes multiples: XLA rounds the images that are left beside its vectors otherwise.
_PREDICTION_STEP = 64

if TYPE_CHECKING:
    from hemline.training.settings import DenseNetwork

History = dict[str, float]  # one epoch's figures, by the names of history.csv


class State(NamedTuple):
    """The state of a training between two steps, as tensors."""

    # Flat: XLA vectorises along the last axis only, and that of the output layer is as short as the classes; and it
    # updates flat weights in place, where it would copy those that are reshaped after the update in every step.
    weights: Tensors
    others: Tensors  # the layers' state besides weights: that of their random generators
    slots: list[Tensors]
    step: tf.Tensor  # float32 scalar: the number of steps done


class Totals(NamedTuple):
    """Sums over the images seen so far; float64, so that a million images lose no digit."""

    loss: tf.Tensor
    correct: tf.Tensor


class Rates(NamedTuple):
    """The settings that the compiled program takes as arguments, float32 scalars: trials of a search share it."""

    learning_rate: tf.Tensor
    l2: tf.Tensor


# Settings that no compiled program depends on; of the L2 penalty, it depends on whether there is one.
ARGUMENTS = ("learning_rate", "epochs", "stop_below_loss")


class Trainer:
    """Trains one variant, for any number of seeds, and with any of the settings that its programs do not depend on."""

    def __init__(
        self,
        name: str,
        training: FitSettings,
        n_classes: int,
        train: Labelled,
        watched: dict[str, Labelled] | None = None,
        *,
        source: Callable[[Labelled, int], Resident | Streamed] | None = None,
        hold: Callable[[Labelled], Held] = hold,
        network: Network | None = None,
        compiled: bool = True,
    ) -> None:
        """Store the data; nothing is compiled before the first training.

        Args:
            name: the variant's, which the models are given.
            training: the variant's settings.
            n_classes: the number of outputs.
            train: the training set.
            watched: sets on which loss and accuracy are recorded after every epoch, by the prefix of their columns
                (``{"val": validation}``); nothing is decided by them.
            source: how the training set is held, of (set, batch size); by default in memory where it fits.
            hold: puts a set into memory.
            network: builds the models; by default dense layers, of which ``training`` is then the settings.
            compiled: whether XLA compiles the programs; TensorFlow runs them otherwise, for layers that XLA lacks.

        Raises:
            InputError: a batch is larger than the training set.
        """
        n_images = len(train.labels)
        if training.batch_size > n_images:
            raise InputError(
                f"batch_size: must be at most the number of training images, {n_images}, got {training.batch_size}"
            )
        self._name, self._training, self._n_classes = name, training, n_classes
        self._image_shape, self._scale = train.images.shape[1:], train.scale
        self._n_images = n_images
        self._n_batches = math.ceil(n_images / training.batch_size)
        self._optimizer = OPTIMIZERS[training.optimizer]
        self._network = network or DenseLayers(cast("DenseNetwork", training))
        self._graph = self._network.graph(self._image_shape, n_classes, name)
        self._train = (source or partial(resident_or_streamed, hold=hold))(train, training.batch_size)
        self._watched = {
            prefix: Parts(labelled, _EVALUATION_BATCH, hold) for prefix, labelled in (watched or {}).items()
        }
        # Their loops are TensorFlow's already, and AutoGraph would only look for some to convert.
        self._run_chunk = tf.function(self._chunk, jit_compile=compiled, autograph=False)
        self._run_evaluation = tf.function(self._evaluation, jit_compile=compiled, autograph=False)
        self._run_prediction = tf.function(self._prediction, jit_compile=compiled, autograph=False)
        self._ready: set[str] = set()  # devices that have both programs
        self._compiling = threading.Lock()

    @property
    def compilations(self) -> int:
        """The number of traced programs: for training, for each size of a watched set, and for predictions."""
        traces = (self._run_chunk, self._run_evaluation, self._run_prediction)
        return sum(function.experimental_get_tracing_count() for function in traces)

    def fit(
        self,
        seed: int,
        on_epoch: Callable[[History], None] = lambda _: None,
        training: FitSettings | None = None,
        *,
        after: TrainingState | None = None,
        on_state: Callable[[State], None] = lambda _: None,
    ) -> keras.Model:
        """Train with ``seed`` on the current device, and return the trained model.

        Args:
            seed: determines the initial weights, the order of the images in every epoch, and dropout.
            on_epoch: is given each epoch's figures; what it raises ends the training.
            training: settings that differ in ``ARGUMENTS`` and the size of the L2 penalty; by default the variant's.
            after: an earlier training with this seed to resume; None starts one. Both end with equal bytes.
            on_state: is then given the state, of which ``arrays_of`` makes a snapshot's; what it raises ends the
                training, too.

        Raises:
            InputError: the loss is no longer finite, or no temporary space is left.
        """
        model, state = self._start(seed)
        training = training or self._training
        rates = Rates(*(tf.constant(rate, tf.float32) for rate in (training.learning_rate, l2_of(training))))
        figures: Mapping[str, float] = {"epoch": 0}
        if after:
            figures, state = after.history[-1], _state_of(after.arrays, like=state)
        while not _has_ended(figures, training):
            figures, state = self._epoch(seed, int(figures["epoch"]) + 1, state, rates)
            self._check_finite(seed, figures, state, training)
            on_epoch(figures)
            on_state(state)
        shapes = [tuple(variable.shape) for variable in model.trainable_variables]
        for variable, weight in zip(model.trainable_variables, self._network.merge(state.weights, shapes), strict=True):
            variable.assign(weight)
        self._network.finish(model, state.others)
        return model

    def _epoch(self, seed: int, epoch: int, state: State, rates: Rates) -> tuple[History, State]:
        """Return the metrics of one epoch, and the state after it."""
        totals = _no_totals()
        for chunk in self._train.chunks(self._order(seed, epoch)):
            self._compile(state, chunk, rates)
            state, totals = self._run_chunk(state, totals, chunk, rates)
        figures = {"epoch": epoch} | _means("", totals, self._n_images)
        for prefix, parts in self._watched.items():
            totals = _no_totals()
            for images, labels in parts:
                totals = self._run_evaluation(state.weights, state.others, totals, images, labels)
            figures |= _means(f"{prefix}_", totals, len(parts))
        return figures, state

    def predict(self, model: keras.Model, images: NDArray[Any]) -> NDArray[np.float32]:
        """Return the probabilities that a trained model gives, by the compiled program on the current device.

        Args:
            model: from ``fit``.
            images: (n, h, w) or (n, h, w, channels), not scaled yet; read a part at a time.

        Returns:
            float32 (n, classes). Their bits depend on the model and the images only, which those of ``model(images)``
            do not: TensorFlow chooses the code of single operations by processor.
        """
        weights = self._flat_weights(model)
        others = [tf.convert_to_tensor(variable.value) for variable in model.non_trainable_variables]
        probabilities = np.empty((len(images), self._n_classes), np.float32)
        scale = tf.constant(self._scale, tf.float32)
        fitting = min(_PREDICTION_BATCH, _PREDICTION_BYTES // (4 * math.prod(self._image_shape)))
        size = _PREDICTION_STEP * max(1, fitting // _PREDICTION_STEP)
        for start in range(0, len(images), size):
            part = images[start : start + size]
            padded = np.zeros((size, *self._image_shape), images.dtype)
            padded[: len(part)] = part
            # One device after the other, as in `_compile`; a large part takes a hundredth of a second.
            with self._compiling, _programs_kept():
                predicted = self._run_prediction(weights, others, scale, tf.constant(padded)).numpy()
            probabilities[start : start + len(part)] = predicted[: len(part)]
        return probabilities

    def _start(self, seed: int) -> tuple[keras.Model, State]:
        """Return the model with its initial weights, and the state before the first step."""
        model = self.untrained(seed)
        weights = self._flat_weights(model)
        others = [tf.convert_to_tensor(variable.value) for variable in model.non_trainable_variables]
        return model, State(weights, others, self._optimizer.start(weights), tf.constant(0.0))

    def untrained(self, seed: int) -> keras.Model:
        """Return an initial model, as ``fit`` uses it."""
        return self._network.build(self._image_shape, self._n_classes, seed, self._name)

    def prepare(self) -> None:
        """Compile both programs on the current device, as the first epoch would."""
        _, state = self._start(0)
        self._compile(
            state, next(iter(self._train.chunks(self._order(0, 1)))), Rates(tf.constant(0.0), tf.constant(0.0))
        )

    def _compile(self, state: State, chunk: Chunk, rates: Rates) -> None:
        """Compile both programs on the current device, unless this is done.

        One device after the other: the first compiles, and the others load what it compiled (see ``tensorflow``).
        """
        with self._compiling:
            if state.step.device in self._ready:
                return
            with _programs_kept():
                self._run_chunk(state, _no_totals(), chunk._replace(n_images=tf.constant(0)), rates)
                for parts in self._watched.values():
                    for images, labels in parts.of_each_size():
                        self._run_evaluation(state.weights, state.others, _no_totals(), images, labels)
            self._ready.add(state.step.device)

    def _order(self, seed: int, epoch: int) -> np.ndarray:
        """Return the order of the images as int32 (batches, batch size); the last batch is padded with image 0."""
        order = np.zeros(self._n_batches * self._training.batch_size, np.int32)
        order[: self._n_images] = np.random.default_rng([seed, epoch]).permutation(self._n_images)
        return order.reshape(self._n_batches, -1)

    def _check_finite(self, seed: int, figures: History, state: State, training: FitSettings) -> None:
        finite = all(math.isfinite(value) for value in figures.values())
        if not finite or not all(np.isfinite(weight).all() for weight in state.weights):
            raise InputError(
                f"{self._name}, seed {seed}, epoch {figures['epoch']}: the loss is no longer finite "
                f"({figures['loss']}); a smaller learning_rate than {training.learning_rate} may help, "
                "or pixels scaled to [0, 1]"
            )

    def _chunk(self, state: State, totals: Totals, chunk: Chunk, rates: Rates) -> tuple[State, Totals]:
        """One pass over a chunk, which is the whole training set if that fits: the program that is compiled."""
        size = self._training.batch_size
        n_batches = (chunk.n_images + size - 1) // size

        def step(batch: tf.Tensor, state: State, totals: Totals) -> tuple[tf.Tensor, State, Totals]:
            # A full batch in every step keeps the shapes fixed; the mask leaves out the padding of the last one.
            mask = tf.cast(batch * size + tf.range(size) < chunk.n_images, tf.float32)
            indices = chunk.order[batch]
            images, labels = self._gather(chunk.images, indices), tf.gather(chunk.labels, indices)
            state, sums = self._step(state, images, labels, mask, rates)
            return batch + 1, state, _add(totals, sums)

        _, state, totals = tf.while_loop(lambda batch, *_: batch < n_batches, step, (tf.constant(0), state, totals))
        return State(*state), Totals(*totals)

    def _step(
        self, state: State, images: tf.Tensor, labels: tf.Tensor, mask: tf.Tensor, rates: Rates
    ) -> tuple[State, Totals]:
        with tf.GradientTape() as tape:
            tape.watch(state.weights)
            probabilities, others, penalties = self._call(state.weights, state.others, images, training=True)
            sums = _sums(probabilities, labels, mask)
            loss = sums.loss / tf.reduce_sum(mask)
            if penalties:
                loss += tf.add_n(penalties)
        gradients = tape.gradient(loss, state.weights)
        if l2_of(self._training):
            gradients = self._with_penalty(state.weights, gradients, rates.l2)
        step = state.step + 1.0
        weights, slots = self._optimizer.apply(state.weights, gradients, state.slots, rates.learning_rate, step)
        return State(weights, others, slots, step), sums

    def _with_penalty(self, weights: Tensors, gradients: Tensors, l2: tf.Tensor) -> Tensors:
        """Add the gradient of ``l2`` times the sum of all squared kernels, as of Keras's ``L2`` regularizer."""
        kernels = [len(variable.shape) > 1 for variable in self._graph.trainable_variables]
        return [
            gradient + 2.0 * l2 * weight if kernel else gradient
            for weight, gradient, kernel in zip(weights, gradients, kernels, strict=True)
        ]

    def _gather(self, images: Pixels, indices: tf.Tensor) -> tf.Tensor:
        """Return the scaled images at ``indices``; layers split what is joined here, and XLA leaves out both."""
        taken = [tf.cast(tf.gather(block, indices), tf.float32) for block in images.blocks]
        return tf.reshape(tf.concat(taken, axis=1) / images.scale, (-1, *self._image_shape))

    def _flat_weights(self, model: keras.Model) -> Tensors:
        parts = self._network.split([variable.value for variable in model.trainable_variables])
        return [tf.reshape(part, [-1]) for part in parts]

    def _call(
        self, weights: Tensors, others: Tensors, images: tf.Tensor, *, training: bool
    ) -> tuple[tf.Tensor, Tensors, Tensors]:
        """Return the probabilities (n, classes), the layers' state besides weights, and their penalties."""
        variables = self._graph.trainable_variables
        shaped = [tf.reshape(flat, variable.shape) for flat, variable in zip(weights, variables, strict=True)]
        called: tuple[tf.Tensor, Tensors, Tensors] = self._graph.stateless_call(
            shaped, others, images, training=training, return_losses=True
        )
        return called

    def _evaluation(
        self, weights: Tensors, others: Tensors, totals: Totals, images: Pixels, labels: tf.Tensor
    ) -> Totals:
        """Add loss and correct answers over a set, or a part of one, without training."""
        n_images = labels.shape[0]
        size = min(_EVALUATION_BATCH, n_images)

        def step(start: tf.Tensor, totals: Totals) -> tuple[tf.Tensor, Totals]:
            indices = start + tf.range(size)
            mask = tf.cast(indices < n_images, tf.float32)
            indices = tf.minimum(indices, n_images - 1)
            probabilities, *_ = self._call(weights, others, self._gather(images, indices), training=False)
            return start + size, _add(totals, _sums(probabilities, tf.gather(labels, indices), mask))

        _, totals = tf.while_loop(lambda start, _: start < n_images, step, (tf.constant(0), totals))
        return Totals(*totals)

    def _prediction(self, weights: Tensors, others: Tensors, scale: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
        """Return the probabilities of images, without training."""
        scaled = tf.cast(images, tf.float32) / scale
        probabilities, *_ = self._call(weights, others, scaled, training=False)
        return probabilities


def l2_of(training: FitSettings) -> float:
    """Return the L2 penalty of kernels; a user's own model has penalties in its layers."""
    return float(getattr(training, "l2", 0.0))


def _has_ended(figures: Mapping[str, float], training: FitSettings) -> bool:
    """Return whether the epoch with these metrics is the last."""
    threshold = training.stop_below_loss
    low = threshold is not None and figures.get("loss", math.inf) < threshold
    return low or figures["epoch"] >= training.epochs


@contextmanager
def _programs_kept() -> Iterator[None]:
    """Make one line, an ``InputError``, of programs that cannot be written: no space is left, or the folder refuses."""
    try:
        yield
    except tf.errors.OpError as error:
        if str(PROGRAM_FOLDER) not in error.message:
            raise
        rule = "cannot take compiled programs; let this user write it"
        if isinstance(error, tf.errors.ResourceExhaustedError):
            rule = "no space is left for compiled programs, about 1 MB; make some"
        raise InputError(f"{PROGRAM_FOLDER}: {rule}, or name another folder by TMPDIR") from None


def arrays_of(state: State) -> Arrays:
    """Return a state as arrays, which a snapshot keeps."""
    return [np.asarray(tensor) for tensor in tf.nest.flatten(state)]


def _state_of(arrays: Arrays, like: State) -> State:
    """Return the state of which ``arrays_of`` made ``arrays``, on the current device."""
    state: State = tf.nest.pack_sequence_as(like, [tf.constant(array) for array in arrays])
    return state


def _no_totals() -> Totals:
    return Totals(tf.constant(0.0, tf.float64), tf.constant(0.0, tf.float64))


def _add(totals: Totals, sums: Totals) -> Totals:
    return Totals(totals.loss + tf.cast(sums.loss, tf.float64), totals.correct + tf.cast(sums.correct, tf.float64))


def _sums(probabilities: tf.Tensor, labels: tf.Tensor, mask: tf.Tensor) -> Totals:
    """Return the sums over a batch, float32, of the cross-entropy and of the correct answers, where the mask is 1."""
    losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
    correct = tf.equal(tf.argmax(probabilities, axis=1, output_type=tf.int32), labels)
    return Totals(tf.reduce_sum(losses * mask), tf.reduce_sum(tf.cast(correct, tf.float32) * mask))


def _means(prefix: str, totals: Any, n_images: int) -> History:
    return {f"{prefix}loss": float(totals.loss) / n_images, f"{prefix}accuracy": float(totals.correct) / n_images}
