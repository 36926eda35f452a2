import string
from unittest.mock import Mock

from hypothesis import given
from hypothesis import strategies as st

from hemline.jobs.progress import Progress, resumption, show

names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,12}", fullmatch=True)
counts = st.integers(0, 2**31)
figures = st.dictionaries(st.text(string.ascii_lowercase + "_", min_size=1, max_size=12), st.floats(), max_size=4)


@given(st.builds(Progress, names, counts, counts, counts), figures)
def test_what_a_training_prints_is_read_back(progress, figures):
    assert Progress.read(progress.line(figures)) == progress


def test_a_line_has_the_figures_of_its_epoch():
    line = Progress("dense-8", 3, 2, 5).line({"epoch": 2, "loss": 0.51234, "val_accuracy": 0.9})
    assert line == "dense-8  seed 3  epoch 2/5  loss 0.5123  val_accuracy 90.00 %"


def test_other_lines_tell_no_progress():
    for line in ("", "Running stage 'train@dense-8':", "dense-8: test accuracy 0.9", " dense-8  seed 0  epoch 1/5  "):
        assert Progress.read(line) is None


def test_a_line_is_one_write_so_that_those_of_threads_never_run_into_each_other(monkeypatch):
    written = []
    monkeypatch.setattr("sys.stdout", Mock(write=written.append))
    show("a line")
    assert [text for text in written if text] == ["a line\n"]


def test_where_a_training_goes_on_is_one_line():
    assert resumption("linear", [0, 2], {3: 5}) == (
        "linear: an earlier run was interrupted: seed 0 is finished, seed 2 is finished, seed 3 goes on after epoch 5"
    )
