"""Folders and archives of pictures: names, bytes, digests."""

import io
import shutil
import tarfile
import zipfile
from hashlib import sha256

import pytest

from hemline.errors import InputError
from hemline.images import tree
from hemline.images.tree import digest, is_archive, open_tree, pack

FILES = {
    "b/2.png": b"two",
    "a/10.JPG": b"ten",
    "a/deep/er/1.webp": b"deep",
    "花 园/ قطة/😀.gif": b"names",
    "labels.csv": b"file,label\n",
    "data.csv.gz": b"packed",
}
UNSEEN = {"readme.txt": b"-", ".git/x.png": b"-", "a/._10.JPG": b"-", "__MACOSX/a/10.JPG": b"-"}


def in_folder(top, files):
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return top


def in_zip(path, files, kind=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def in_tar(path, files, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


WRITERS = {
    "folder": lambda path: in_folder(path / "pets", FILES | UNSEEN),
    "zip": lambda path: in_zip(path / "pets.zip", FILES | UNSEEN),
    "stored zip": lambda path: in_zip(path / "pets.zip", FILES | UNSEEN, zipfile.ZIP_STORED),
    "tar": lambda path: in_tar(path / "pets.tar", FILES | UNSEEN),
    "tar of a dot": lambda path: in_tar(path / "pets.tar", {f"./{name}": each for name, each in FILES.items()}),
    "tar.gz": lambda path: in_tar(path / "pets.tar.gz", FILES | UNSEEN, "w:gz"),
    "tar.xz": lambda path: in_tar(path / "pets.tar.xz", FILES | UNSEEN, "w:xz"),
}


@pytest.fixture(params=WRITERS.values(), ids=WRITERS)
def path(request, tmp_path):
    return request.param(tmp_path)


def test_pictures_and_tables_are_seen_and_nothing_else(path):
    opened = open_tree(path)
    assert opened.files() == sorted(FILES)
    assert opened.tables() == ["data.csv.gz", "labels.csv"]
    assert opened.names() == sorted(FILES.keys() - {"labels.csv", "data.csv.gz"})
    assert {name: opened.read(name) for name in opened.files()} == FILES


def test_one_digest_is_that_of_sorted_names_and_bytes(path):
    expected = sha256()
    for name in sorted(FILES):
        expected.update(name.encode() + b"\0" + sha256(FILES[name]).digest())
    assert digest(path) == expected.hexdigest()


def test_packed_they_are_the_same_bytes_whatever_they_were_in(path, tmp_path):
    told = []
    assert pack(path, tmp_path / "packed.zip", told.append) == digest(path) == digest(tmp_path / "packed.zip")
    assert sum(told) == sum(map(len, FILES.values()))
    first = in_folder(tmp_path / "reference", FILES)
    pack(first, tmp_path / "reference.zip")
    assert (tmp_path / "packed.zip").read_bytes() == (tmp_path / "reference.zip").read_bytes()


@pytest.mark.parametrize("change", [{"b/2.png": b"Two"}, {"b/3.png": b"two"}, {"labels.csv": b"file,label\r\n"}])
def test_any_change_of_a_file_changes_the_digest(change, tmp_path):
    assert digest(in_folder(tmp_path / "a", FILES)) != digest(in_folder(tmp_path / "b", FILES | change))


def test_a_linked_folder_is_followed_and_a_loop_is_refused(tmp_path):
    top = in_folder(tmp_path / "pets", {"a/1.png": b"1"})
    (top / "b").symlink_to(in_folder(tmp_path / "elsewhere", {"2.png": b"2"}))
    assert open_tree(top).files() == ["a/1.png", "b/2.png"]
    (top / "a/loop").symlink_to(top)
    with pytest.raises(InputError, match="a/loop: is a link to a folder that it lies in; remove it"):
        open_tree(top).files()


def test_a_link_that_leads_nowhere_is_named_when_it_is_read(tmp_path):
    top = in_folder(tmp_path / "pets", {"a/1.png": b"1"})
    (top / "a/2.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(InputError, match=r"a/2\.png: no such file"):
        open_tree(top).read("a/2.png")


def test_absurdly_large_files_are_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "MOST_BYTES", 1000)
    for opened in (
        open_tree(in_folder(tmp_path / "pets", {"a/1.png": bytes(1001)})),
        open_tree(in_zip(tmp_path / "pets.zip", {"a/1.png": bytes(1001)})),
    ):
        with pytest.raises(InputError, match=r"a/1\.png: must have at most 1,000 bytes, got more") as caught:
            opened.read("a/1.png")
        assert "cannot be read" not in str(caught.value)
    with pytest.raises(InputError, match=r"a/1\.png: must have at most 1,000 bytes, got more"):
        digest(in_tar(tmp_path / "pets.tar.gz", {"a/1.png": bytes(1001)}, "w:gz"))


def test_damaged_archives_are_one_line(tmp_path):
    whole = in_zip(tmp_path / "pets.zip", {"a/1.png": bytes(range(256)) * 40})
    content = bytearray(whole.read_bytes())
    content[60:70] = b"\xff" * 10
    whole.write_bytes(content)
    with pytest.raises(InputError, match=r"pets\.zip: a/1\.png: cannot be read: ") as caught:
        open_tree(whole).read("a/1.png")
    assert "\n" not in str(caught.value)
    packed = in_tar(
        tmp_path / "pets.tar.gz", {f"a/{n}.png": sha256(bytes([n])).digest() * 90 for n in range(40)}, "w:gz"
    )
    packed.write_bytes(packed.read_bytes()[:1500])
    with pytest.raises(InputError, match=r"pets\.tar\.gz: is neither a folder nor an archive of pictures: "):
        digest(packed)
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(InputError, match=r"text\.zip: is no zip file, or a damaged one"):
        open_tree(tmp_path / "text.zip")


def test_what_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match="nowhere: no such file"):
        open_tree(tmp_path / "nowhere")


def test_what_is_an_archive_is_told_by_its_contents(path, tmp_path):
    assert is_archive(path) == path.is_file()
    (tmp_path / "text.zip").write_text("no archive")
    assert not is_archive(tmp_path / "text.zip")


def test_an_archive_can_be_removed_once_it_is_opened_if_it_was_a_tar(tmp_path):
    opened = open_tree(in_tar(tmp_path / "pets.tar", FILES))
    shutil.move(tmp_path / "pets.tar", tmp_path / "moved.tar")
    assert opened.read("b/2.png") == b"two"
