"""The README and docs/: their pages, the shell commands in them, and a clone in which those that can be run are run.

A block of ``sh`` is only shown. A block of ``console`` is run: lines with ``$ `` are commands, what follows is what
they print. The blocks of a page are one session.
"""

import doctest
import hashlib
import re
import subprocess
from typing import NamedTuple

import numpy as np
from datasets_for_tests import write_idx
from pipelines_for_tests import REPOSITORY, make_pipeline
from ruamel.yaml import YAML
from sybil.document import Document
from sybil.parsers.markdown import CodeBlockParser

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
COMPARED = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# What depends on numbers, on the time or on chance, and may differ from what is shown.
RESULTS = (
    (r"\x1b\[[0-9;]*m", ""),
    (r"(?<=fashion-mnist: ).* validation accuracy.*", "CHOICE"),  # of the model to promote
    (r"(?<=of the test images are right).*", "COMPARED"),
    (r"(?<=\(version )\d+,? ?[^)]*", "N"),
    (r"'[a-z]{5}-[a-z]{4}'|\b[a-z]{5}-[a-z]{4}\b", "NAME"),  # DVC's, of an experiment: may be 'worse-loot'
    (r"\b(better|worse|no difference shown)( so far)?(, still improving)?\b", "VERDICT"),
    (r"\b[0-9a-f]{7,64}\b", "HASH"),
    (r"\b[A-Z][a-z]{2} \d\d, \d{4}|\b\d\d:\d\d (AM|PM)\b", "TIME"),
    (r"about (an? |half an? |\d+ )(seconds?|minutes?|hours?)", "TIME"),
    (r"[+\u2212-]?\d[\d,]*(\.\d+)?", "N"),
    (r"-{3,}", "---"),
)
VARIANTS = ("logistic", "linear", "dense-128")
# `make` builds the environment where it is missing or old; the tests run in one.
SHELL = 'set -o pipefail; make() { command make --old-file=.venv/.ready "$@"; }; '


class Step(NamedTuple):
    """A command, and what is shown below it."""

    command: str
    shown: str


def blocks(page, language):
    """Return the code blocks of a page that are of a language."""
    document = Document.parse(str(page), CodeBlockParser(language, lambda _: None))
    return [str(example.parsed) for example in document.examples()]


def steps(page):
    """Return the commands of a page's session, in order."""
    found = []
    for block in blocks(page, "console"):
        first, *others = re.split(r"^\$ ", block, flags=re.MULTILINE)
        assert first == "", f"{page.name}: must begin with a command: {block}"
        for other in others:
            # A command goes on after a backslash, and to the end of a here-document.
            command = re.match(r".*<<'END'\n[\s\S]*?^END\n|(?:.*\\\n)*.*\n", other, re.MULTILINE)[0]
            found.append(Step(command.strip(), other.removeprefix(command)))
    return found


def without_results(text):
    """Return a text in which whatever may differ from run to run is replaced by a word for its kind."""
    for pattern, word in RESULTS:
        text = re.sub(pattern, word, text)
    return text


def agrees(shown, printed):
    """Return whether what is shown is what was printed, where ``...`` stands for anything."""
    return doctest.OutputChecker().check_output(without_results(shown), without_results(printed), COMPARED)


def run(clone, step):
    """Run a command as a user of the clone does; return what it prints, on both streams."""
    return subprocess.run(
        ["bash", "-c", SHELL + step.command],
        cwd=clone.folder,
        env=clone.environment | {"COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout


def make_clone(folder):
    """Return a clone with the README's parameters and data sets, but two variants and few images."""
    clone = make_pipeline(folder)
    yaml = YAML()
    params = yaml.load(REPOSITORY / "params.yaml")
    for name in [name for name in params["variants"] if name not in VARIANTS]:
        del params["variants"][name]
    yaml.dump(params, folder / "params.yaml")
    (folder / "data/tiny.yaml").unlink()
    for name in ("fashion-mnist", "mnist"):
        describe_less(folder, name)
    clone.commit("Fewer images")
    return clone


def describe_less(folder, name):
    """Let a data set of the box have a few images that anybody could tell apart."""
    place = folder / "published" / name
    place.mkdir(parents=True)
    yaml = YAML()
    path = folder / "data" / f"{name}.yaml"
    description = yaml.load(path)
    for part, array in images().items():
        file = description["files"][part]
        with (place / file["name"]).open("wb") as stream:
            write_idx(array, stream)
        file["sha256"] = hashlib.sha256((place / file["name"]).read_bytes()).hexdigest()
        file["count"] = len(array)
        file.pop("class_counts", None)
    description["sources"] = [str(place)]
    yaml.dump(description, path)


def images(train=600, test=300):
    """Return images of ten classes: a bright band, whose place is the class."""
    generator = np.random.default_rng(0)
    arrays = {}
    for part, count in {"train": train, "test": test}.items():
        labels = np.arange(count, dtype=np.uint8) % 10
        pixels = generator.integers(0, 200, (count, 28, 28))
        for image, label in zip(pixels, labels, strict=True):
            image[2 * label : 2 * label + 4] += 55
        arrays |= {f"{part}-images": pixels.astype(np.uint8), f"{part}-labels": labels}
    return arrays
