"""Starts TensorFlow before the test modules that import it, and keeps tests that share a pipeline on one worker."""

import pytest

from hemline.target import fix_target

fix_target()

# Their tests take one repository through its states, in their order.
ONE_AFTER_THE_OTHER = ("test_faults.py", "test_one_store.py", "test_pipeline.py")
USE_TENSORFLOW = {"test_model", "test_optimizers", "test_tracking", "test_trainer"}


def pytest_pycollect_makemodule(module_path):
    # Its settings count before its first import; each worker of pytest-xdist comes by here.
    if module_path.stem in USE_TENSORFLOW:
        import hemline.training.tensorflow  # noqa: F401, PLC0415


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - only there is pytest-xdist certain to be installed

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            return file if file.endswith(ONE_AFTER_THE_OTHER) else nodeid

    return Scheduling(config, log)
