"""What a stage hands on is read whole, or refused in one line that names the file and what makes it anew."""

from pathlib import Path

import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from hemline.errors import InputError
from hemline.outputs import Outputs
from hemline.schema import StrictModel


class Facts(StrictModel):
    number: int


class Cooked(Outputs):
    PATH = Path("cooked")
    STAGE = "cook"

    def read(self, name):
        return {"a.npy": self.read_array, "a.csv": self.read_table, "a.json": lambda file: self.read_json(file, Facts)}[
            name
        ](name)


@pytest.fixture(autouse=True)
def _cooked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("cooked").mkdir()
    np.save("cooked/a.npy", np.arange(6).reshape(2, 3))
    Path("cooked/a.csv").write_text("variant,count\n128,1\nNone,\n")
    Path("cooked/a.json").write_text('{"number": 3}\n')


@pytest.fixture(params=["the workspace", "a local file system", "a file system in memory"])
def cooked(request):
    """The same folder, read from where the stages read, and as at a revision that DVC knows."""
    if request.param == "the workspace":
        return Cooked()
    if request.param == "a local file system":
        return Cooked(files=LocalFileSystem())
    memory = MemoryFileSystem(skip_instance_cache=True)
    memory.store, memory.pseudo_dirs = {}, [""]  # of this instance alone: the class has one for all
    for path in Path("cooked").iterdir():
        memory.pipe_file(path.as_posix(), path.read_bytes())
    return Cooked(files=memory)


def damage(cooked, name, content):
    if isinstance(files := cooked._files, MemoryFileSystem):
        files.pipe_file(f"cooked/{name}", content)
    else:
        Path("cooked", name).write_bytes(content)


def remove(cooked, name):
    if isinstance(files := cooked._files, MemoryFileSystem):
        files.rm_file(f"/cooked/{name}")
    else:
        Path("cooked", name).unlink()


def refusal(cooked, name):
    with pytest.raises(InputError) as error:
        cooked.read(name)
    line = str(error.value)
    assert line.startswith(f"cooked/{name}: ")
    assert line.endswith("; run `dvc repro cook`")
    assert "\n" not in line
    return line


def test_what_is_written_is_read(cooked):
    assert cooked.read("a.npy").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert cooked.read("a.json") == Facts(number=3)
    assert cooked.read("a.csv")["count"].tolist()[0] == 1
    assert cooked.read_bytes("a.json") == b'{"number": 3}\n'


def test_names_that_look_like_numbers_or_nothing_stay_names_and_only_an_empty_field_is_missing(cooked):
    table = cooked.read("a.csv")
    assert table["variant"].tolist() == ["128", "None"]
    assert table["count"].isna().tolist() == [False, True]


@pytest.mark.parametrize("name", ["a.npy", "a.csv", "a.json"])
def test_a_missing_file_is_named_with_the_stage_that_writes_it(cooked, name):
    remove(cooked, name)
    assert refusal(cooked, name) == f"cooked/{name}: no such file; run `dvc repro cook`"


DAMAGE = {
    "cut off": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "other bytes": lambda _: b"\x00\xff" * 40,
}


@pytest.mark.parametrize("name", ["a.npy", "a.json"])
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_file_is_named_with_the_stage_that_writes_it(cooked, name, how):
    damage(cooked, name, DAMAGE[how](Path("cooked", name).read_bytes()))
    assert ": is damaged: " in refusal(cooked, name)


def test_an_array_that_could_run_code_when_it_is_read_is_refused(cooked):
    np.save("object.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    damage(cooked, "a.npy", Path("object.npy").read_bytes())
    assert ": is damaged: " in refusal(cooked, "a.npy")


def test_a_file_in_the_place_of_the_folder_is_no_such_file():
    Path("cooked").rename("elsewhere")
    Path("cooked").write_text("")
    assert "no such file" in refusal(Cooked(), "a.json")


def test_arrays_of_the_workspace_are_mapped_and_not_read():
    array = Cooked().read("a.npy")
    assert type(array) is np.ndarray  # which is faster for TensorFlow than its subclass
    assert isinstance(array.base, np.memmap)
    assert not array.flags.writeable


def test_an_error_of_what_is_done_with_an_open_file_is_that_of_the_file():
    with pytest.raises(InputError, match=r"^cooked/a.csv: is damaged: no number; run `dvc repro cook`$"):
        read_number()


def read_number():
    with Cooked().open("a.csv"):
        raise ValueError("no number\nof several lines")


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.zeros((0, 2, 3), np.float32),
        np.arange(24)[::2],
        np.ones((2, 3)).T,
    ],
    ids=["usual", "empty", "strided", "transposed"],
)
def test_an_array_is_written_as_numpy_would_and_read_back(array):
    np.save("cooked/expected.npy", np.ascontiguousarray(array))
    Cooked().write_array("b.npy", array)
    assert Path("cooked/b.npy").read_bytes() == Path("cooked/expected.npy").read_bytes()
    np.testing.assert_array_equal(Cooked().read_array("b.npy"), array)
