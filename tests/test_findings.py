"""The scripts of findings/: each says what it is about, pins what it installs, and stands in docs/FINDINGS.md.

They install packages from the network, so they are run by hand; here they are only read.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted((ROOT / "findings").glob("*.sh"))
INDEX = (ROOT / "docs/FINDINGS.md").read_text()


def header(script):
    """Return the comment at the top of a script as one line."""
    lines = script.read_text().splitlines()
    return " ".join(line.removeprefix("# ") for line in lines[1:] if line.startswith("# "))


def test_the_index_lists_every_script_once():
    listed = re.findall(r"^\| `([a-z0-9-]+)` \|", INDEX, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert sorted(listed) == [script.stem for script in SCRIPTS]


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_a_script_tells_guess_truth_versions_use_and_guard_is_valid_bash_and_installs_exact_versions(script):
    parts = [*re.findall(r"(Guess|What happens|Versions|Why it matters|Guard): \S", header(script))]
    assert parts == ["Guess", "What happens", "Versions", "Why it matters", "Guard"]
    text = script.read_text()
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert "set -euo pipefail" in text
    (packages,) = re.findall(r"^fresh (.+)$", text, re.MULTILINE)
    assert all(re.fullmatch(r"[\w.\[\]-]+==[\w.]+", package) for package in packages.split())
    assert "assert " in text or "[[ " in text


def test_every_file_of_hemline_that_a_script_names_as_its_guard_exists():
    named = {name for script in SCRIPTS for name in re.findall(r"\b(?:hemline|docs)/[\w/.-]+\w", header(script))}
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
