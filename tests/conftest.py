"""The whole test run: Ctrl-C, the number of repetitions, and the pipelines that many tests start from."""

import gc
import math
import os
import re
import signal
import tempfile

import hypothesis
import pytest

from hemline.target import fix_target

fix_target()  # before anything imports NumPy

from pipelines_for_tests import finished_pipeline, kill_processes_in, longer_pipeline  # noqa: E402

# A shell's job in the background ignores Ctrl-C, and so do its children: tests that press it would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# `make test` would make every `make` that a test starts a part of itself, which says what folders it enters and leaves.
for _name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(_name, None)

hypothesis.settings.register_profile("test", max_examples=25, deadline=None, derandomize=True)
_TRIAL_EXAMPLES = 3000


def pytest_addoption(parser):
    parser.addoption(
        "--trials", action="store_true", help="repeat what is marked `trials`, and Hypothesis's tests, often"
    )
    parser.addoption("--trials-share", type=float, default=1.0, help="repeat it so much less often")


def pytest_configure(config):
    examples = math.ceil(config.getoption("trials_share") * _TRIAL_EXAMPLES)
    # Whoever looks for faults wants other examples every time; what lets a change pass wants the same ones.
    same = os.environ.get("CI") == "true"
    hypothesis.settings.register_profile(
        "trials", max_examples=examples, deadline=None, derandomize=same, print_blob=not same
    )
    hypothesis.settings.load_profile("trials" if config.getoption("trials") else "test")


def pytest_ignore_collect(collection_path, config):
    """Leave out the files without a word of the marks that are asked for, which would be imported for nothing."""
    words = set(re.findall(r"\w+", config.option.markexpr or "")) - {"or"}
    if words and "not" not in words and collection_path.match("test_*.py"):
        text = collection_path.read_text()
        return not any(word in text for word in words) or None
    return None


def pytest_collection_modifyitems(config, items):
    # Of none in the tests, there are some in the trials, and of those that are all in the tests, none.
    markers = {item: item.get_closest_marker("trials") for item in items}
    items[:] = [item for item, marker in markers.items() if marker is None or _numbers(item, item.fixturenames, config)]
    # Two workers end at about the same time if what takes longest comes first.
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in ("end_to_end", "slow")))


def pytest_collection_finish():
    """Leave what is there by now out of the garbage collection, which statsmodels starts at every correction."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc):
    if "repetition" in metafunc.fixturenames:
        metafunc.parametrize("repetition", _numbers(metafunc.definition, metafunc.fixturenames, metafunc.config))


@pytest.fixture(autouse=True)
def temporary_files_stay():
    """A stage that runs in this process puts its temporary files apart; they may go with it, and other tests go on."""
    folder, named = tempfile.tempdir, os.environ.get("TMPDIR")
    yield
    tempfile.tempdir = folder
    if named is None:
        os.environ.pop("TMPDIR", None)
    else:
        os.environ["TMPDIR"] = named


@pytest.fixture
def repetitions(request):
    """How often a test that is marked `trials` is to repeat what it does."""
    return _repetitions(request.node, request.config)


def _numbers(item, names, config):
    """Return the numbers of the repetitions; what has one for itself goes on in the trials after those of the tests."""
    done = item.get_closest_marker("trials").kwargs["few"] if config.getoption("trials") else 0
    return range(done if "repetition" in names else 0, _repetitions(item, config))


def _repetitions(item, config):
    marker = item.get_closest_marker("trials")
    few, many = marker.kwargs["few"], marker.kwargs["many"]
    return max(few, round(config.getoption("trials_share") * many)) if config.getoption("trials") else few


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A pipeline after its first `dvc repro`, for tests that look and change nothing."""
    return finished_pipeline(tmp_path_factory).copy(tmp_path_factory.mktemp("finished"))


@pytest.fixture(scope="module")
def longer(tmp_path_factory):
    """The same after a second one, with one epoch more for dense-4; likewise."""
    return longer_pipeline(tmp_path_factory).copy(tmp_path_factory.mktemp("longer"))


@pytest.fixture
def pipeline(tmp_path_factory, tmp_path):
    """A pipeline after its first `dvc repro`, for one test; nothing that it left running outlives it."""
    yield finished_pipeline(tmp_path_factory).copy(tmp_path)
    kill_processes_in(tmp_path)


@pytest.fixture
def longer_copy(tmp_path_factory, tmp_path):
    yield longer_pipeline(tmp_path_factory).copy(tmp_path)
    kill_processes_in(tmp_path)
