"""TensorFlow and Keras, started in the one way that gives equal bits everywhere: on the CPU, a thread a training.

Everything that needs them imports them from here (``from hemline.training.tensorflow import keras, tf``): most of their
settings are read once, at the first import. Whoever can do without for a while imports what needs them later.
"""

import functools
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from queue import LifoQueue

from hemline.processes.leftovers import own_folder
from hemline.target import fix_target

_SETTINGS = {
    "KERAS_BACKEND": "tensorflow",
    # Gives each device its own thread pool. In a shared pool of one thread, trainings wait for each other; by the size
    # of a larger one, XLA splits its work, and that changes the bits of the result.
    "TF_OVERRIDE_GLOBAL_THREADPOOL": "1",
    "CUDA_VISIBLE_DEVICES": "-1",  # equal bits are promised for the CPU only
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
# Keras imports these where it finds them, for wrappers, plots, tables and sparse data that nothing here uses. Without
# them, a training starts 1.4 s sooner (2.1 for 3.5 CPU seconds), and takes 150 MB less. Should a later Keras need one
# of them, its import fails, and every test of training with it.
_UNUSED = ("matplotlib", "pandas", "scipy", "sklearn")


# In which XLA keeps what it compiled for one device, and from which the other devices load it. Each device has a cache
# of its own in memory, and would compile the same program again: 1.3 CPU seconds for each variant and further core. The
# folder is this process's only: compiled code is code for one processor, and the next process may run on another. A
# TensorFlow that no longer knows the flag refuses to start.
PROGRAM_FOLDER = own_folder("hemline-")


@contextmanager
def _hidden(*packages: str) -> Iterator[None]:
    """Let the import of ``packages`` fail meanwhile, unless they have been imported before."""
    absent = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None is how Python marks such a package
    try:
        yield
    finally:
        for package in absent:
            del sys.modules[package]


@contextmanager
def _quiet_import() -> Iterator[None]:
    """Hold back what TensorFlow's C++ code writes to standard error before it reads its log level.

    An import that fails shows all of it.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        except Exception:
            held_back.seek(0)
            os.write(stderr, held_back.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


fix_target()
os.environ.update(_SETTINGS)
os.environ["TF_XLA_FLAGS"] = (
    f'{os.environ.get("TF_XLA_FLAGS", "")} --tf_xla_persistent_cache_directory="{PROGRAM_FOLDER}"'.strip()
)
import joblib  # noqa: E402 - loads NumPy, which reads settings that were just made

with _quiet_import(), _hidden(*_UNUSED):
    import keras
    import tensorflow as tf


def devices() -> list[str]:
    """Return the names of the logical CPU devices, each of one thread, of which there is one for each core.

    A program compiled for one thread computes the same bits on each of those devices, however many there are: that is
    why results do not depend on the number of cores. As many trainings can run at once as there are devices.
    """
    return [device.name for device in tf.config.list_logical_devices("CPU")]


@contextmanager
def own_device() -> Iterator[str]:
    """Enter a device that no other thread of this process has entered so, once there is one; yield its name."""
    device = _free_devices().get()
    try:
        with tf.device(device):
            yield device
    finally:
        _free_devices().put(device)


@functools.cache
def _free_devices() -> LifoQueue[str]:
    # Last in, first out: a thread that comes again finds the device for which everything has been compiled.
    free: LifoQueue[str] = LifoQueue()
    for name in reversed(devices()):
        free.put(name)
    return free


def _divide_the_processor() -> None:
    processor = tf.config.list_physical_devices("CPU")[0]
    if tf.config.get_logical_device_configuration(processor) is None:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        one_per_core = [tf.config.LogicalDeviceConfiguration() for _ in range(joblib.cpu_count())]
        tf.config.set_logical_device_configuration(processor, one_per_core)


_divide_the_processor()
# Where one process trains many variants, TensorFlow takes their programs for one that is traced again and again.
tf.get_logger().setLevel("ERROR")
_free_devices()

__all__ = ["PROGRAM_FOLDER", "devices", "keras", "own_device", "tf"]
