"""How TensorFlow is started: quiet, on the CPU, one thread a training, trainings side by side.

Call ``start_tensorflow()`` before anything else imports TensorFlow or Keras: they read most of these settings once.
"""

import atexit
import functools
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import joblib

SETTINGS = {
    "KERAS_BACKEND": "tensorflow",
    # Gives each device its own thread pool. In a shared pool of one thread, trainings wait for each other; by the size
    # of a larger one, XLA splits its work, and that changes the bits of the result.
    "TF_OVERRIDE_GLOBAL_THREADPOOL": "1",
    "CUDA_VISIBLE_DEVICES": "-1",  # equal bits are promised for the CPU only
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
# Keras imports these where it finds them, for wrappers, plots, tables and sparse data that nothing here uses; without
# them, its import takes little more than half the time.
UNUSED = ("matplotlib", "pandas", "scipy", "sklearn")


def start_tensorflow() -> int:
    """Import TensorFlow with a logical CPU device, of one thread, for each core that this process may use.

    A program compiled for one thread computes the same bits on each of those devices, however many there are: that is
    why results do not depend on the number of cores. A second call changes nothing.

    Returns:
        The number of devices, which is the number of trainings that can run at once.
    """
    os.environ.update(SETTINGS | {"TF_XLA_FLAGS": _xla_flags()})
    collect_rarely()
    with _quiet_import(), _hidden(*UNUSED):
        import tensorflow as tf  # noqa: PLC0415 - after the settings
    cpu = tf.config.list_physical_devices("CPU")[0]
    if tf.config.get_logical_device_configuration(cpu) is None:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        one_per_core = [tf.config.LogicalDeviceConfiguration() for _ in range(joblib.cpu_count())]
        tf.config.set_logical_device_configuration(cpu, one_per_core)
    return len(tf.config.list_logical_devices("CPU"))


@functools.cache
def program_folder() -> Path:
    """Return the folder in which XLA keeps what it compiled for one device, and from which the other devices load it.

    Each device has a cache of its own in memory, and would compile the same program again. The folder is this process's
    only: compiled code is code for one processor, and the next process may run on another.
    """
    folder = Path(tempfile.mkdtemp(prefix="hemline-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def _xla_flags() -> str:
    """Return the flags that the user has set, and ours."""
    return f'{os.environ.get("TF_XLA_FLAGS", "")} --tf_xla_persistent_cache_directory="{program_folder()}"'.strip()


def collect_rarely() -> None:
    """Let Python look for garbage in cycles rarely, and not at exit: for a process that lives for seconds.

    Most of its objects are those of large libraries, and live to its end. To look through them again and again takes a
    quarter of the time that importing TensorFlow does, and at exit another second.
    """
    gc.set_threshold(100_000, 50, 50)
    atexit.register(gc.freeze)


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
