"""Starts TensorFlow before the test modules that import it, and not at all for the others."""

from hemline.runtime import start_tensorflow

USE_TENSORFLOW = {"test_model", "test_optimizers", "test_tracking", "test_trainer"}


def pytest_pycollect_makemodule(module_path):
    # Its settings count before its first import; each worker of pytest-xdist comes by here.
    if module_path.stem in USE_TENSORFLOW:
        start_tensorflow()
