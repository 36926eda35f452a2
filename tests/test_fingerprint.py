"""This machine computes the bits that every other does, wherever and however it is asked to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands import fingerprint
from hemline.__main__ import main as hemline
from hemline.schema import read_yaml
from hemline.target import NOT_THE_TARGET, is_target

REPOSITORY = Path(__file__).parent.parent
# One core, other folders, another time, language and hash: what a machine may differ in beside its processor.
ELSEWHERE = {
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "7",
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(REPOSITORY),
}


@pytest.mark.skipif(not is_target(), reason=NOT_THE_TARGET)
def test_trainings_predictions_comparisons_and_figures_are_the_expected_bits_whatever_the_surroundings(tmp_path):
    def restrict():
        os.umask(0o077)
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    done = subprocess.run(
        [sys.executable, "-m", "hemline", "fingerprint"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | ELSEWHERE,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        preexec_fn=restrict,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "OTHER" not in done.stdout


def test_a_streamed_training_has_the_bits_of_a_resident_one():
    expected = read_yaml(fingerprint.EXPECTED)
    assert expected[f"{fingerprint.STREAMED}, streamed"] == expected[fingerprint.STREAMED]


def test_other_bits_are_told_and_fail(monkeypatch, capsys):
    expected = read_yaml(fingerprint.EXPECTED)
    monkeypatch.setattr(fingerprint, "digests", lambda: iter((expected | {"linear, adam": "0" * 16}).items()))
    with pytest.raises(SystemExit) as ended:
        hemline(["fingerprint"])
    assert ended.value.code
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "OTHER" in line]
    assert line.startswith("linear, adam")
