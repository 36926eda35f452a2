"""Data that is not read, and its conversion into data that is; docs/YOUR-DATA.md shows the same table."""

import os
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from hemline.words import option


class Unread(NamedTuple):
    """Files of a kind."""

    endings: tuple[str, ...]  # of their names
    what: str  # they are
    how: str  # they are converted, in a line
    pictures: bool = False  # whether each is a picture, so that a class lacks something without them


# A line each: endings, after an exclamation mark those of pictures; what the files are; how they are converted.
_TABLE = """\
!.heic .heif | HEIC pictures | `heif-convert a.heic a.png`, or pillow-heif
!.jxl | JPEG XL pictures | `djxl a.jxl a.png`
!.svg .eps .ai | vector drawings | `rsvg-convert -w 64 a.svg -o a.png`
!.psd | Photoshop documents | export them as PNG
!.nef .cr2 .cr3 .arw .dng .raf .orf .rw2 | a camera's raw pictures | `imageio.imwrite('a.png', \
    rawpy.imread('a.nef').postprocess())`
!.dcm .dicom | DICOM pictures | `np.save('a.npy', pydicom.dcmread('a.dcm').pixel_array)`, after a decision about the \
    window of grey values
!.nii .nii.gz .mha .mhd .nrrd | medical volumes | choose slices with nibabel or SimpleITK, and save each as PNG
!.svs .ndpi .mrxs | whole slides | cut tiles with openslide, and save each as PNG
!.exr .hdr | pictures of high dynamic range | `imageio.imwrite('a.tif', imageio.imread('a.exr'))`
!.mp4 .avi .mov .mkv .webm | films | `ffmpeg -i a.mp4 -vf fps=1 cat/a_%04d.png`; then the option group
.tfrecord .tfrecords .tfrec | TensorFlow's records | read them with tf.data, and save images and labels by np.savez
.pt .pth | PyTorch's files | `np.savez('a.npz', images=x.numpy(), labels=y.numpy())`
.pkl .pickle | pickles | load one that you trust, and save images and labels by np.savez
.bin | numbers without their shape | `np.fromfile('a.bin', 'u1').reshape(-1, 3, 96, 96)` for STL-10, whose columns \
    come first; then np.savez with the labels
.mdb .lmdb | LMDB databases | read them with lmdb, and save each picture as a file
.rec .beton | records of MXNet or FFCV | read them with their library, and save each picture as a file
.xlsx .xls .ods | spreadsheets | save the sheet as CSV
.sqlite .db | SQLite databases | `sqlite3 -csv -header a.db 'select ...' > a.csv`
.rds .rdata .rda | R's files | `write.csv(x, 'a.csv', row.names = FALSE)`
.arff | Weka's tables | `pandas.DataFrame(scipy.io.arff.loadarff('a.arff')[0]).to_csv('a.csv', index=False)`
.svm .libsvm .scale .t | LIBSVM's rows | sklearn.datasets.load_svmlight_file, with n_features; then np.savez
.data .tra .tes .dat | tables of the UCI repository | call them .csv; `--option header=false` if they have no header
.rar .7z .xz .tar .zip .tgz .gz .bz2 | archives | unpack them
.xml | boxes of objects | they are of object detection: cut the objects out, one picture each, into class folders
.json | JSON documents | write a table `file_name,label` as CSV beside the pictures
.txt | text | of lists `name label`, make a CSV with the header `file_name,label`
"""
UNREAD = tuple(
    Unread(tuple(endings.lstrip("!").split()), what, " ".join(how.split()), endings.startswith("!"))
    for endings, what, how in (line.split(" | ") for line in _TABLE.splitlines())
)
DATA_PAGE = "docs/YOUR-DATA.md has a table of how to convert files"


def kind_of(name: str) -> Unread | None:
    """Return what kind of unread file a name is of, which may be one of several: `a.tfrecord-00000-of-00001`."""
    lower = re.sub(r"-[0-9]+-of-[0-9]+$", "", name.lower())
    return next((kind for kind in UNREAD if lower.endswith(kind.endings)), None)


def unread(path: Path, *, pictures: bool = False) -> str | None:
    """Return what most files at a path are that are not read, and how to convert them; or most of the pictures."""
    walked = (os.path.join(top, name) for top, _, files in os.walk(path) for name in files)  # noqa: PTH118 - many
    names = [str(path)] if path.is_file() else [*islice(walked, 100_000)]
    if path.is_file() and zipfile.is_zipfile(path):
        names = [name for name in zipfile.ZipFile(path).namelist() if not name.endswith("/")]
        if any(name.lower().endswith((".npy", ".npz", "ubyte", ".gz", ".mat", ".h5")) for name in names):
            return f"an archive of arrays must be unpacked first; {DATA_PAGE}"
    if not any(map(kind_of, names)):
        names = [f"{name}.dcm" if is_dicom(Path(name)) else name for name in names]  # as scanners leave the ending out
    found = Counter(kind for name in names if (kind := kind_of(name)) and kind.pictures >= pictures)
    if not found:
        return None
    kind = min(found, key=lambda each: (each in UNREAD[-3:], -found[each]))  # text and such says something of others
    examples = [name.lower() for name in names if kind_of(name) == kind]
    ending = next(each for each in kind.endings if any(each in name for name in examples))
    return f"cannot be read: {found[kind]:,} {ending} ({kind.what}): {kind.how}; {DATA_PAGE}"


def is_dicom(path: Path) -> bool:
    """Say whether a file is one of DICOM, by its first bytes."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"
    return False


def lost_pictures(unseen: Sequence[str]) -> str | None:
    """Return which of the files that are neither pictures nor tables are pictures of a kind that is not read."""
    found = [(name, kind) for name in unseen if (kind := kind_of(name)) is not None and kind.pictures]
    if not found:
        return None
    name, kind = found[0]
    ending = next(each for each in kind.endings if name.lower().endswith(each))
    rule = f"one of {len(found):,} {ending} ({kind.what}), which are not read: {kind.how}"
    return f"{name}: {rule}; or leave them out: {option('aside', [f'*{ending}'])}; {DATA_PAGE}"
