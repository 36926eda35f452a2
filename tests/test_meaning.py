"""Which edits of code change what it means: two versions of files, compared."""

from pathlib import Path

import pytest

from hemline.dependencies.meaning import changed

CODE = '''"""A module."""

from pydantic import BaseModel, Field


class Settings(BaseModel):
    """A class."""

    epochs: int = Field(default=5, description="how long")


def add(first: int, second: int) -> int:
    """A function."""
    total = first + second  # a comment
    return total
'''


def files(source, name="hemline/module.py"):
    return {name: source if isinstance(source, bytes) else source.encode()}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # a comment", ""),
        ("    return total\n", "    return total\n\n\n# the end\n"),
        ('"""A function."""', '"""Another text.\n\n    Of two paragraphs.\n    """'),
        ('    """A class."""\n\n', ""),
        ('"""A module."""', "'''A module in other words.'''"),
        ("first: int, second: int", "\n    first: int,\n    second: int,\n"),
        ('"how long"', "('how ' 'long')"),
        ("default=5", "default=0x5"),
    ],
)
def test_comments_docstrings_and_formatting_change_nothing(old, new):
    assert old in CODE
    assert changed(files(CODE), files(CODE.replace(old, new))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("total", "result"),  # a local's name
        ("default=5", "default=6"),
        ("default=5", "default=5.0"),
        ("epochs: int", "epochs: float"),  # which pydantic reads
        ('"how long"', '"in epochs"'),
        ("description", "title"),
        ('description="how long")\n', 'description="how long")\n    """How long."""\n'),  # an attribute's
        ("    return total\n", ""),
        ("return total", "return (total"),  # no Python
    ],
)
def test_everything_else_does(old, new):
    assert old in CODE
    assert changed(files(CODE), files(CODE.replace(old, new))) == ["hemline/module.py"]


def test_what_was_no_python_and_is_none_has_changed():
    assert changed(files("def (:"), files("def (: # comment")) == ["hemline/module.py"]
    assert changed(files(b"\xff\x00"), files(b"\xff\x00\n")) == ["hemline/module.py"]


@pytest.mark.parametrize("name", ["page.html.jinja", "style.css", "script.js", "data.yaml"])
def test_what_is_not_python_counts_byte_for_byte(name):
    assert changed(files("a: 1\n", name), files("a: 1\n", name)) == []
    assert changed(files("a: 1\n", name), files("a: 1 # one\n", name)) == [name]


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A repository with a plug-in that nothing imports, and that no setting names."""
    monkeypatch.chdir(tmp_path)
    for name in ("hemline/formats", "hemline/images", "stages", "data"):
        Path(name).mkdir(parents=True)
    Path("hemline/formats/cifar.py").write_text("FORMAT = 1\n")
    Path("stages/normalize.py").write_text('from hemline.formats import idx\n\nNAMES = ["cifar"]\n')
    Path("params.yaml").write_text("dataset: digits\n")


PLUG_IN = files("FORMAT = 1\n", "hemline/formats/cifar.py")


def test_a_plug_in_that_nothing_imports_may_come_and_go(house):
    assert changed({}, PLUG_IN) == []
    assert changed(PLUG_IN, {}) == []


@pytest.mark.parametrize(
    "line",
    [
        "from hemline.formats import cifar",
        "import hemline.formats.cifar as c",
        "from hemline.formats.cifar import FORMAT",
    ],
)
def test_one_that_is_imported_may_not(house, line):
    Path("hemline/images/picture.py").write_text(f"def load():\n    {line}\n")
    assert changed({}, PLUG_IN) == changed(PLUG_IN, {}) == ["hemline/formats/cifar.py"]


def test_one_that_a_setting_names_may_come_but_not_go(house):
    Path("data/digits.yaml").write_text("format: cifar\n")
    assert changed({}, PLUG_IN) == []
    assert changed(PLUG_IN, {}) == ["hemline/formats/cifar.py"]


@pytest.mark.parametrize("name", ["hemline/images/cifar.py", "hemline/formats/__init__.py", "hemline/formats/cifar"])
def test_other_files_that_come_or_go_are_a_change(house, name):
    assert changed({}, files("FORMAT = 1\n", name)) == changed(files("FORMAT = 1\n", name), {}) == [name]
