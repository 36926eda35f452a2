"""What is not read, and how it becomes something that is; docs/YOUR-DATA.md shows the same table."""

import os
import zipfile
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple


class Unread(NamedTuple):
    """Files of a kind.

    Attributes:
        endings: of their names.
        what: they are.
        how: they are converted, in a line.
        pictures: whether each is a picture, so that a class lacks something without them.
    """

    endings: tuple[str, ...]
    what: str
    how: str
    pictures: bool = False


UNREAD = (
    Unread((".heic", ".heif"), "HEIC pictures", "`heif-convert a.heic a.png`, or pillow-heif", pictures=True),
    Unread((".jxl",), "JPEG XL pictures", "`djxl a.jxl a.png`", pictures=True),
    Unread((".svg", ".eps", ".ai"), "vector drawings", "`rsvg-convert -w 64 a.svg -o a.png`", pictures=True),
    Unread((".psd",), "Photoshop documents", "export them as PNG", pictures=True),
    Unread(
        (".nef", ".cr2", ".cr3", ".arw", ".dng", ".raf", ".orf", ".rw2"),
        "a camera's raw pictures",
        "`imageio.imwrite('a.png', rawpy.imread('a.nef').postprocess())`",
        pictures=True,
    ),
    Unread(
        (".dcm", ".dicom"),
        "DICOM pictures",
        "`np.save('a.npy', pydicom.dcmread('a.dcm').pixel_array)`, after a decision about the window of grey values",
        pictures=True,
    ),
    Unread(
        (".nii", ".nii.gz", ".mha", ".mhd", ".nrrd"),
        "medical volumes",
        "choose slices with nibabel or SimpleITK, and save each as PNG",
        pictures=True,
    ),
    Unread((".svs", ".ndpi", ".mrxs"), "whole slides", "cut tiles with openslide, and save each as PNG", pictures=True),
    Unread(
        (".exr", ".hdr"),
        "pictures of high dynamic range",
        "`imageio.imwrite('a.tif', imageio.imread('a.exr'))`",
        pictures=True,
    ),
    Unread(
        (".mp4", ".avi", ".mov", ".mkv", ".webm"),
        "films",
        "`ffmpeg -i a.mp4 -vf fps=1 cat/a_%04d.png`; then the option group",
        pictures=True,
    ),
    Unread(
        (".tfrecord", ".tfrecords"),
        "TensorFlow's records",
        "read them with tf.data, and save images and labels by np.savez",
    ),
    Unread((".pt", ".pth"), "PyTorch's files", "`np.savez('a.npz', images=x.numpy(), labels=y.numpy())`"),
    Unread((".pkl", ".pickle"), "pickles", "load one that you trust, and save images and labels by np.savez"),
    Unread((".mdb", ".lmdb"), "LMDB databases", "read them with lmdb, and save each picture as a file"),
    Unread(
        (".rec", ".beton"), "records of MXNet or FFCV", "read them with their library, and save each picture as a file"
    ),
    Unread((".xlsx", ".xls", ".ods"), "spreadsheets", "save the sheet as CSV"),
    Unread((".sqlite", ".db"), "SQLite databases", "`sqlite3 -csv -header a.db 'select ...' > a.csv`"),
    Unread((".rds", ".rdata", ".rda"), "R's files", "`write.csv(x, 'a.csv', row.names = FALSE)`"),
    Unread(
        (".arff",),
        "Weka's tables",
        "`pandas.DataFrame(scipy.io.arff.loadarff('a.arff')[0]).to_csv('a.csv', index=False)`",
    ),
    Unread(
        (".svm", ".libsvm", ".scale", ".t"),
        "LIBSVM's rows",
        "sklearn.datasets.load_svmlight_file, with n_features; then np.savez",
    ),
    Unread(
        (".data", ".tra", ".tes", ".dat"),
        "tables of the UCI repository",
        "call them .csv; `--option header=false` if they have no header",
    ),
    Unread((".rar", ".7z", ".xz", ".tar", ".zip", ".tgz"), "archives", "unpack them"),
    Unread(
        (".xml",),
        "boxes of objects",
        "they are of object detection: cut the objects out, one picture each, into class folders",
    ),
    Unread((".json",), "JSON documents", "write a table `file_name,label` as CSV beside the pictures"),
    Unread((".txt",), "text", "of lists `name label`, make a CSV with the header `file_name,label`"),
)
DATA_PAGE = "docs/YOUR-DATA.md has a table of how to convert files"


def kind_of(name: str) -> Unread | None:
    """Return what kind of unread file a name is of."""
    lower = name.lower()
    return next((kind for kind in UNREAD if lower.endswith(kind.endings)), None)


def unread(path: Path) -> str | None:
    """Return what most files at a path are that are not read, and how to convert them."""
    names = [path.name] if path.is_file() else _names(path)
    if path.is_file() and zipfile.is_zipfile(path):
        names = [name for name in zipfile.ZipFile(path).namelist() if not name.endswith("/")]
        if any(name.lower().endswith((".npy", ".npz", "ubyte", ".gz", ".mat", ".h5")) for name in names):
            return f"an archive of arrays must be unpacked first; {DATA_PAGE}"
    found = Counter(kind for name in names if (kind := kind_of(name)) is not None)
    if not found:
        return None
    kind, count = found.most_common(1)[0]
    ending = next(each for each in kind.endings if any(name.lower().endswith(each) for name in names))
    return f"cannot be read: {count:,} {ending} ({kind.what}): {kind.how}; {DATA_PAGE}"


def lost_pictures(unseen: Sequence[str]) -> str | None:
    """Return which files that lie with pictures are pictures themselves, and are not read.

    Args:
        unseen: names of files that are neither pictures nor tables.
    """
    found = [name for name in unseen if (kind := kind_of(name)) is not None and kind.pictures]
    if not found:
        return None
    kind = kind_of(found[0])
    assert kind is not None  # noqa: S101 - by the line above
    ending = next(each for each in kind.endings if found[0].lower().endswith(each))
    rule = f"one of {len(found):,} {ending} ({kind.what}), which are not read: {kind.how}"
    return f"{found[0]}: {rule}; or leave them out: `--option 'aside=[\"*{ending}\"]'`; {DATA_PAGE}"


def _names(path: Path) -> list[str]:
    return [*islice((name for _, _, files in os.walk(path) for name in files), 100_000)]
