"""Layouts in which people have labelled images, each built from scikit-learn's digits in a few lines, and its reading.

A layout is a function that writes a folder; its docstring's first line is the row of the table in docs/YOUR-DATA.md.
"""

import base64
import gzip
import io
import json
import pickle
import struct
import tarfile
import unicodedata
import zipfile
from decimal import Decimal

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.io
from PIL import Image
from sklearn.datasets import load_digits

ALL = load_digits()
CHOSEN = np.flatnonzero(ALL.target < 3)[:90]
IMAGES = (ALL.images[CHOSEN] * 15).astype(np.uint8)
LABELS = ALL.target[CHOSEN]
NAMES = np.array(["ant", "bee", "cat"])
WORDS = NAMES[LABELS]
TRAIN, VALIDATION, TEST = range(60), range(60, 72), range(72, 90)
REST = range(60, 90)
LAYOUTS = {}


class Stops:
    """A layout that has several readings, or none: the error, and options with which it is read."""

    def __init__(self, message, *options):
        self.message, self.options = message, options


def layout(expected, *, labels=WORDS, images=IMAGES, path=""):
    """Register a layout with what it is read as: by part, the digits that are in it; or ``Stops``."""

    def register(write):
        LAYOUTS[write.__name__.replace("_", " ")] = (write, expected, labels, images, path)
        return write

    return register


def png(image, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind)
    return file.getvalue()


def save(path, index):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(IMAGES[index]))


def sort_into(top, rows, pattern="{label}/{index}.png"):
    for index in rows:
        save(top / pattern.format(label=WORDS[index], index=index), index)


def pixels(rows, name="pixel{}", **columns):
    frame = pd.DataFrame(IMAGES[list(rows)].reshape(-1, 64), columns=[name.format(n) for n in range(64)])
    return frame.assign(**columns)


def names(rows, pattern="{index}.png", **columns):
    """Return a table that names pictures."""
    files = [pattern.format(label=WORDS[index], index=index) for index in rows]
    return pd.DataFrame({"file": files, "label": WORDS[list(rows)], **columns})


def idx(path, array, code=8):
    path.parent.mkdir(parents=True, exist_ok=True)
    content = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


EVERY = {"all": range(90)}
TWO = {"train": TRAIN, "test": REST}
THREE = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


@layout(EVERY)
def class_folders(top):
    """ant/1.png, bee/2.png"""
    sort_into(top, range(90))


def _parts(*folders):
    """Return a layout of folders of parts, with class folders inside."""

    def write(top):
        for folder, rows in zip(
            folders, (TRAIN, REST) if len(folders) == 2 else (TRAIN, VALIDATION, TEST), strict=True
        ):
            sort_into(top / folder, rows)

    write.__doc__ = ", ".join(f"{folder}/ant/1.png" for folder in folders)
    return write


for _folders in [
    ("train", "test"),
    ("training_set", "test_set"),
    ("seg_train/seg_train", "seg_test/seg_test"),
    ("Training", "Testing"),
    ("images/train", "images/val"),
    ("flowers_train", "flowers_holdout"),
    ("data/TRAIN_DATA", "data/TEST_DATA"),
    ("train-small", "eval-small"),
    ("train", "dev", "test"),
    ("mytrainset_train", "valset", "testset"),
    ("Trainingsdaten", "Testdaten"),
    ("trn", "vld", "tst"),
]:
    _write = _parts(*_folders)
    _write.__name__ = "parts " + " ".join(_folders)
    layout(TWO if len(_folders) == 2 else THREE)(_write)


@layout({"all": TRAIN})
def unlabelled_test_folder(top):
    """train/ant/1.png, test1/2.png: the second has no labels"""
    sort_into(top / "train", TRAIN)
    sort_into(top / "test1", REST, "{index}.png")


@layout(TWO)
def single_prediction(top):
    """training_set/, test_set/, single_prediction/1.png"""
    sort_into(top / "training_set", TRAIN)
    sort_into(top / "test_set", REST)
    sort_into(top / "single_prediction", [0, 1], "ant_or_bee_{index}.png")


@layout(TWO)
def test_beside_the_classes(top):
    """ant/1.png, bee/2.png, test/ant/3.png"""
    sort_into(top, TRAIN)
    sort_into(top / "test", REST)


@layout(TWO)
def parts_below_the_classes(top):
    """ant/train/1.png, ant/test/2.png"""
    sort_into(top, TRAIN, "{label}/train/{index}.png")
    sort_into(top, REST, "{label}/test/{index}.png")


@layout(TWO)
def train_in_two_folders(top):
    """train_1/ant/, train_2/ant/, test/ant/"""
    sort_into(top / "train_1", TRAIN[:30])
    sort_into(top / "train_2", TRAIN[30:])
    sort_into(top / "test", REST)


@layout(Stops("both are for train", {"aside": ["train_augmented"]}, {"parts": {"train": ["train"], "test": ["test"]}}))
def train_and_augmented(top):
    """train/, train_augmented/, test/"""
    sort_into(top / "train", TRAIN)
    sort_into(top / "train_augmented", TRAIN)
    sort_into(top / "test", REST)


@layout(Stops("same folders inside", {"level": 2}, {"aside": ["grey"]}, {"level": 1}))
def variants_of_the_same_classes(top):
    """color/ant/1.png, grey/ant/1.png"""
    sort_into(top / "color", range(90))
    sort_into(top / "grey", range(90))


@layout(Stops("as the classes", {"level": 1}, {"level": 2}))
def families_of_classes(top):
    """animals/ant/, animals/bee/, plants/oak/, plants/elm/"""
    for index in range(90):
        family = "animals" if LABELS[index] else "plants"
        save(top / family / f"{WORDS[index]}{index % 2}" / f"{index}.png", index)


@layout(EVERY)
def masks_beside_images(top):
    """ant/images/1.png, ant/masks/1.png"""
    sort_into(top, range(90), "{label}/images/{index}.png")
    sort_into(top, range(90), "{label}/masks/{index}.png")


@layout(EVERY)
def masks_by_name(top):
    """ant/ant (1).png, ant/ant (1)_mask.png"""
    sort_into(top, range(90), "{label}/{label} ({index}).png")
    sort_into(top, range(90), "{label}/{label} ({index})_mask.png")


@layout(EVERY)
def thumbnails_of_a_server(top):
    """ant/1.png, ant/@eaDir/1.png/small.jpg"""
    sort_into(top, range(90))
    sort_into(top, range(90), "{label}/@eaDir/{index}.png/SYNOPHOTO_{index}.png")


@layout(EVERY)
def classes_in_file_names(top):
    """ant.1.png, bee.2.png"""
    sort_into(top, range(90), "{label}.{index}.png")


@layout({"all": TRAIN})
def dogs_and_cats(top):
    """train/cat.1.jpg, test1/2.jpg"""
    sort_into(top / "train", TRAIN, "{label}.{index}.png")
    sort_into(top / "test1", REST, "{index}.png")


@layout(Stops("there must be a folder for each class", {"label": "^([a-z]+)-"}))
def other_file_names(top):
    """ant-left-a1b.png: several parts of the name may be the class"""
    sort_into(top, range(90), "{label}-left-a{index}b.png")


@layout(EVERY)
def pictures_without_ending(top):
    """ant/1, bee/2"""
    sort_into(top, range(90), "{label}/{index}")


@layout(EVERY)
def other_endings(top):
    """ant/1.jfif, bee/2.PNG_, cat/3.pgm"""
    for index in range(90):
        save(top / WORDS[index] / f"{index}{['.jfif', '.png_', '.PNG', '.jpe'][index % 4]}", index)


@layout(Stops(r"\(HEIC pictures\), which are not read", {"aside": ["*.heic"]}))
def a_class_of_heic(top):
    """ant/1.png, ant/2.heic"""
    sort_into(top, range(90))
    (top / "ant/91.heic").write_bytes(b"\0\0\0\x18ftypheic")


@layout(EVERY, path="own.zip")
def packed_folder(top):
    """own.zip with ant/1.png"""
    with zipfile.ZipFile(top / "own.zip", "w") as file:
        for index in range(90):
            file.writestr(f"own/{WORDS[index]}/{index}.png", png(IMAGES[index]))


@layout(Stops("differ in letter case only", {"case": "fold"}))
def classes_in_other_letter_case(top):
    """Ant/1.png, ant/2.png"""
    for index in range(90):
        save(top / (WORDS[index].title() if index < 45 else WORDS[index]) / f"{index}.png", index)


@layout(EVERY)
def classes_of_one_letter(top):
    """A/1.png, a/2.png: handwriting"""
    for index in range(90):
        save(top / "Aab"[LABELS[index]] / f"{index}.png", index)


# Tables that name pictures.
@layout({"all": TRAIN})
def contest(top):
    """train.csv with file and label, train_images/, test_images/, sample_submission.csv"""
    sort_into(top / "train_images", TRAIN, "{index}.png")
    sort_into(top / "test_images", REST, "{index}.png")
    names(TRAIN).to_csv(top / "train.csv", index=False)
    names(REST).assign(label="ant").to_csv(top / "sample_submission.csv", index=False)


@layout(EVERY)
def names_without_ending(top):
    """metadata.csv with image_id and dx; images_part_1/, images_part_2/"""
    for index in range(90):
        save(top / f"images_part_{index % 2 + 1}" / f"ISIC_{index:04d}.png", index)
    frame = names(range(90), "ISIC_{index:04d}").rename(columns={"file": "image_id", "label": "dx"})
    frame.assign(age=50, sex="male").to_csv(top / "metadata.csv", index=False)


@layout(EVERY)
def numbers_name_pictures(top):
    """labels.csv with id 1, 2; images/1.png"""
    sort_into(top / "images", range(90), "{index}.png")
    names(range(90), "{index}").rename(columns={"file": "id"}).to_csv(top / "labels.csv", index=False)


@layout(EVERY)
def paths_of_another_machine(top):
    r"""list.csv with C:\\data\\images\\1.png"""
    sort_into(top / "images", range(90), "{index}.png")
    names(range(90), "C:\\data\\images\\{index}.png").to_csv(top / "list.csv", index=False)


@layout(THREE)
def folders_and_their_table(top):
    """train/ant/1.png and a table with filepaths, labels, data set"""
    sets = ["train"] * 60 + ["valid"] * 12 + ["test"] * 18
    frame = names(range(90), "{label}/{index}.png")
    frame["file"] = [f"{part}/{file}" for part, file in zip(sets, frame["file"], strict=True)]
    for index in range(90):
        save(top / frame["file"][index], index)
    frame.assign(**{"data set": sets}).to_csv(top / "cards.csv", index=False)


def _split_column(column, values):
    def write(top):
        sort_into(top / "img", range(90), "{index}.png")
        names(range(90), "img/{index}.png", **{column: values}).to_csv(top / "list.csv", index=False)

    write.__doc__ = f"a table with a column `{column}`: {values[0]}, {values[-1]}"
    write.__name__ = f"split column {column}"
    layout(TWO)(write)


_split_column("subset", ["train"] * 60 + ["test"] * 30)
_split_column("is_test", [0] * 60 + [1] * 30)
_split_column("is_train", [True] * 60 + [False] * 30)
_split_column("Usage", ["Training"] * 60 + ["PrivateTest"] * 30)
_split_column("phase", ["train"] * 60 + ["val"] * 30)


@layout(Stops("split into folds", {"group": "fold"}, {"ignore": ["fold"]}))
def folds(top):
    """a table with a column `fold`"""
    sort_into(top / "img", range(90), "{index}.png")
    names(range(90), "img/{index}.png", fold=np.arange(90) % 5).to_csv(top / "list.csv", index=False)


@layout(THREE)
def one_hot_columns(top):
    """train/_classes.csv with filename, ant, bee, cat (0 or 1)"""
    for folder, rows in {"train": TRAIN, "valid": VALIDATION, "test": TEST}.items():
        sort_into(top / folder, rows, "{index}_png.rf.png")
        lines = [f"{index}_png.rf.png, {', '.join(str(int(name == WORDS[index])) for name in NAMES)}" for index in rows]
        (top / folder / "_classes.csv").write_text("\n".join([f"filename, {', '.join(NAMES)}", *lines]))


@layout(Stops("several labels for an image"))
def several_labels_for_an_image(top):
    """a table with a column for each of several simultaneous labels"""
    sort_into(top / "img", range(90), "{index}.png")
    ones = {name: np.arange(90) % (n + 2) == 0 for n, name in enumerate(NAMES)}
    frame = names(range(90)).drop(columns="label").assign(**{name: each.astype(int) for name, each in ones.items()})
    frame.to_csv(top / "list.csv", index=False)


@layout(Stops("several columns may be the labels", {"label": "fine_label"}, {"label": "coarse_label"}))
def coarse_and_fine_labels(top):
    """Parquet with img, fine_label, coarse_label"""
    pictures = [{"bytes": png(image), "path": None} for image in IMAGES]
    table = pa.table({"img": pictures, "fine_label": LABELS, "coarse_label": np.minimum(LABELS, 1)})
    pq.write_table(table, top / "train.parquet")


@layout(Stops("say different classes", {"label": "label"}))
def table_against_folders(top):
    """left/1.png, right/2.png, and a table of their labels"""
    for index in range(90):
        save(top / ("left", "right")[index % 2] / f"{index}.png", index)
    names(range(90)).to_csv(top / "list.csv", index=False)


@layout(EVERY)
def a_table_of_something_else(top):
    """ant/1.png, and places.csv with x, y"""
    sort_into(top, range(90))
    pd.DataFrame({"x": range(9), "y": range(9), "note": "-"}).to_csv(top / "places.csv", index=False)


@layout(EVERY)
def json_lines(top):
    """metadata.jsonl with file_name and label"""
    sort_into(top / "images", range(90), "{index}.png")
    lines = [json.dumps({"file_name": f"images/{index}.png", "label": WORDS[index]}) for index in range(90)]
    (top / "metadata.jsonl").write_text("\n".join(lines))


@layout(Stops("may be a/0.png or b/0.png", {"folder": "a"}))
def same_names_in_two_folders(top):
    """list.csv with 1.png, a/1.png and b/1.png"""
    sort_into(top / "a", range(90), "{index}.png")
    sort_into(top / "b", range(90), "{index}.png")
    names(range(90)).to_csv(top / "list.csv", index=False)


# Tables of pixels.
@layout(TWO)
def types_that_differ(top):
    """train.csv and test.csv whose numbers are written in different ways"""
    pixels(TRAIN, label=WORDS[:60]).to_csv(top / "train.csv", index=False)
    pixels(REST, label=WORDS[60:]).astype({"pixel3": float}).to_csv(top / "test.csv", index=False)


@layout(TWO, labels=LABELS.astype(str))
def parquet_of_two_types(top):
    """train.parquet with int64, test.parquet with int32 labels"""
    pixels(TRAIN, label=LABELS[:60]).to_parquet(top / "train.parquet")
    pixels(REST, label=LABELS[60:].astype("i4")).to_parquet(top / "test.parquet")


@layout(EVERY, labels=LABELS.astype(str))
def labels_as_floats(top):
    """labels 3 and 3.0 in one column"""
    mixed = [f"{label:.1f}" if n % 3 else str(label) for n, label in enumerate(LABELS)]
    pixels(range(90), label=mixed).to_csv(top / "own.csv", index=False)


@layout(EVERY)
def labels_with_spaces(top):
    """labels `cat` and `cat `"""
    padded = [f"{word} " if n % 2 else word for n, word in enumerate(WORDS)]
    pixels(range(90), label=padded).to_csv(top / "own.csv", index=False)


@layout(EVERY)
def labels_as_bytes(top):
    """Parquet with labels of type binary"""
    pixels(range(90), label=[word.encode() for word in WORDS]).to_parquet(top / "own.parquet")


@layout(EVERY)
def columns_out_of_order(top):
    """pixel0, pixel1, pixel10, pixel11"""
    pixels(range(90), label=WORDS).sort_index(axis=1).to_csv(top / "own.csv", index=False)


@layout(EVERY)
def other_columns(top):
    """pixels beside id, age and a remark"""
    pixels(range(90), label=WORDS, id=range(90), age=50, remark="-").to_csv(top / "own.csv", index=False)


@layout(EVERY)
def utf_16(top):
    """CSV as Excel's `Unicode text`"""
    pixels(range(90), label=WORDS).to_csv(top / "own.csv", index=False, encoding="utf-16", sep="\t")


@layout(EVERY, path="own.csv.bz2")
def packed_csv(top):
    """own.csv.bz2"""
    pixels(range(90), label=WORDS).to_csv(top / "own.csv.bz2", index=False)


@layout({"all": TRAIN}, path="own.zip")
def zipped_csv(top):
    """own.zip with train.csv, and test.csv without labels"""
    with zipfile.ZipFile(top / "own.zip", "w") as file:
        file.writestr("train.csv", pixels(TRAIN, label=WORDS[:60]).to_csv(index=False))
        file.writestr("test.csv", pixels(REST).to_csv(index=False))


@layout(Stops("header=false", {"header": False, "label": "column1"}), path="own.csv")
def without_header(top):
    """5,0,0,12,...: no names of columns"""
    frame = pixels(range(90))
    frame.insert(0, "label", WORDS)
    frame.to_csv(top / "own.csv", index=False, header=False)


@layout(THREE, labels=LABELS.astype(str))
def pixels_as_text(top):
    """emotion,pixels,Usage with `0 12 255`"""
    usage = ["Training"] * 60 + ["PublicTest"] * 12 + ["PrivateTest"] * 18
    text = [" ".join(map(str, image.ravel())) for image in IMAGES]
    pd.DataFrame({"emotion": LABELS, "pixels": text, "Usage": usage}).to_csv(top / "fer.csv", index=False)


@layout(EVERY)
def pixels_as_lists(top):
    """Parquet with lists of lists"""
    pq.write_table(pa.table({"image": IMAGES.tolist(), "label": WORDS}), top / "own.parquet")


@layout(EVERY)
def fixed_shape_tensors(top):
    """Parquet with Arrow's fixed_shape_tensor"""
    tensor = pa.FixedShapeTensorArray.from_numpy_ndarray(IMAGES)
    pq.write_table(pa.table({"image": tensor, "label": WORDS}), top / "own.parquet")


@layout(TWO)
def hugging_face_on_disk(top):
    """save_to_disk: train/data-00000-of-00001.arrow, dataset_dict.json"""
    for part, rows in {"train": TRAIN, "test": REST}.items():
        pictures = [{"bytes": png(IMAGES[index]), "path": None} for index in rows]
        table = pa.table({"image": pictures, "label": WORDS[list(rows)]})
        (top / part).mkdir()
        with pa.ipc.new_stream(top / part / "data-00000-of-00001.arrow", table.schema) as file:
            file.write_table(table)
        (top / part / "state.json").write_text("{}")
    (top / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')


@layout(EVERY)
def base64_column(top):
    """CSV with pictures in base64"""
    text = [base64.b64encode(png(image)).decode() for image in IMAGES]
    pd.DataFrame({"image": text, "label": WORDS}).to_csv(top / "own.csv", index=False)


@layout(EVERY)
def masks_and_hashes_in_columns(top):
    """Parquet with hash, mask, image, label"""
    pictures = [png(image) for image in IMAGES]
    table = {"hash": [bytes(8)] * 90, "mask": pictures[::-1], "image": pictures, "label": WORDS}
    pq.write_table(pa.table(table), top / "own.parquet")


@layout(Stops("several columns hold pictures", {"image": "left"}))
def left_and_right(top):
    """Parquet with left, right, label"""
    pictures = [png(image) for image in IMAGES]
    pq.write_table(pa.table({"left": pictures, "right": pictures[::-1], "label": WORDS}), top / "own.parquet")


@layout(Stops("must have a column of labels", {"label": "what"}))
def coordinates(top):
    """a table of pictures with x, y and an unusual name for the label"""
    sort_into(top / "img", range(90), "{index}.png")
    frame = names(range(90), x=range(90), y=range(90)).rename(columns={"label": "what"})
    frame.to_csv(top / "list.csv", index=False)


@layout(Stops("several tables have images and labels", {"table": "by_ann.csv"}))
def two_tables(top):
    """by_ann.csv and by_bob.csv label the same pictures"""
    sort_into(top / "img", range(90), "{index}.png")
    names(range(90)).to_csv(top / "by_ann.csv", index=False)
    names(range(90)).assign(label=WORDS[::-1]).to_csv(top / "by_bob.csv", index=False)


# Arrays.
@layout(TWO, labels=LABELS.astype(str))
def arrays_of_keras(top):
    """own.npz with x_train, y_train, x_test, y_test"""
    np.savez(top / "own.npz", x_train=IMAGES[:60], y_train=LABELS[:60], x_test=IMAGES[60:], y_test=LABELS[60:])


@layout(TWO, labels=LABELS.astype(str))
def kuzushiji(top):
    """kmnist-train-imgs.npz, kmnist-train-labels.npz: each one arr_0"""
    for part, rows in {"train": TRAIN, "test": REST}.items():
        np.savez(top / f"kmnist-{part}-imgs.npz", IMAGES[list(rows)])
        np.savez(top / f"kmnist-{part}-labels.npz", LABELS[list(rows)])


@layout(EVERY)
def quick_draw(top):
    """full_numpy_bitmap_ant.npy, full_numpy_bitmap_bee.npy"""
    for label, name in enumerate(NAMES):
        np.save(top / f"full_numpy_bitmap_{name}.npy", IMAGES[label == LABELS].reshape(-1, 64))


@layout(Stops("say which they are by", {"keys": {"all": ["feats", "digit"]}}), labels=LABELS.astype(str))
def own_names_of_arrays(top):
    """feats.npy, digit.npy, age.npy"""
    np.save(top / "feats.npy", IMAGES)
    np.save(top / "digit.npy", LABELS)
    np.save(top / "age.npy", LABELS * 2)


@layout(EVERY, labels=LABELS.astype(str))
def big_endian_labels(top):
    """an .npz whose labels are of type >i4"""
    np.savez(top / "own.npz", images=IMAGES, labels=LABELS.astype(">i4"))


@layout(Stops("several arrays may be the labels", {"keys": {"all": ["images", "labels"]}}), labels=LABELS.astype(str))
def two_arrays_of_labels(top):
    """an .npz with images, labels, target"""
    np.savez(top / "own.npz", images=IMAGES, labels=LABELS, target=LABELS[::-1])


@layout(TWO, labels=LABELS.astype(str))
def idx_of_the_family(top):
    """train-images.idx3-ubyte beside a folder train-images-idx3-ubyte/"""
    for part, rows in {"train": TRAIN, "t10k": REST}.items():
        for kind, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS.astype("u1"))):
            idx(top / f"{part}-{kind.replace('-idx', '.idx')}-ubyte", array[list(rows)])
            idx(top / f"{part}-{kind}-ubyte" / f"{part}-{kind}-ubyte", array[list(rows)])


@layout(TWO, labels=LABELS.astype(str))
def emnist(top):
    """emnist-letters-train-images-idx3-ubyte.gz: transposed images"""
    for part, rows in {"train": TRAIN, "test": REST}.items():
        idx(top / f"emnist-letters-{part}-images-idx3-ubyte.gz", IMAGES[list(rows)])
        idx(top / f"emnist-letters-{part}-labels-idx1-ubyte.gz", LABELS[list(rows)].astype("u1"))


@layout(TWO, labels=LABELS.astype(str))
def qmnist(top):
    """qmnist-train-labels-idx2-int: eight columns, the first is the class"""
    for part, rows in {"train": TRAIN, "test": REST}.items():
        idx(top / f"qmnist-{part}-images-idx3-ubyte", IMAGES[list(rows)])
        columns = np.stack([LABELS[list(rows)], *[np.arange(len(rows))] * 7], axis=1)
        idx(top / f"qmnist-{part}-labels-idx2-int", columns.astype(">i4"), code=0x0C)


@layout(TWO, labels=LABELS.astype(str))
def idx_of_rows(top):
    """IDX images of shape (n, 64)"""
    for part, rows in {"train": TRAIN, "t10k": REST}.items():
        idx(top / f"{part}-images-idx2-ubyte", IMAGES[list(rows)].reshape(-1, 64))
        idx(top / f"{part}-labels-idx1-ubyte", LABELS[list(rows)].astype("u1"))


COLOURS = np.stack(
    [np.tile(IMAGES, (1, 4, 4)), 255 - np.tile(IMAGES, (1, 4, 4)), np.tile(IMAGES, (1, 4, 4)) // 2], axis=3
)


@layout(TWO, labels=LABELS.astype(str), images=COLOURS)
def street_numbers(top):
    """train_32x32.mat with X (32, 32, 3, n) and y"""
    for part, rows in {"train": TRAIN, "test": REST}.items():
        held = {"X": COLOURS[list(rows)].transpose(1, 2, 3, 0), "y": LABELS[list(rows)][:, None]}
        scipy.io.savemat(top / f"{part}_32x32.mat", held)


@layout(TWO, labels=LABELS.astype(str), images=COLOURS)
def cifar_binary(top):
    """data_batch_1.bin, data_batch_2.bin, test_batch.bin"""
    for name, rows in {"data_batch_1": TRAIN[:30], "data_batch_2": TRAIN[30:], "test_batch": REST}.items():
        flat = COLOURS[list(rows)].transpose(0, 3, 1, 2).reshape(len(rows), -1)
        np.concatenate([LABELS[list(rows)][:, None], flat], axis=1).astype("u1").tofile(top / f"{name}.bin")


@layout(TWO, labels=LABELS.astype(str), images=COLOURS)
def cifar_pickles(top):
    """cifar-10-batches-py/data_batch_1, test_batch"""
    (top / "cifar-10-batches-py").mkdir()
    for name, rows in {"data_batch_1": TRAIN[:30], "data_batch_2": TRAIN[30:], "test_batch": REST}.items():
        flat = COLOURS[list(rows)].transpose(0, 3, 1, 2).reshape(len(rows), -1)
        held = {b"data": flat, b"labels": LABELS[list(rows)].tolist(), b"batch_label": b"-"}
        (top / "cifar-10-batches-py" / name).write_bytes(pickle.dumps(held, protocol=2))


@layout(TWO, labels=LABELS.astype(str))
def hdf5(top):
    """train_catvnoncat.h5 with train_set_x, train_set_y, list_classes"""
    for part, rows in {"train": TRAIN, "test": REST}.items():
        with h5py.File(top / f"{part}_catvnoncat.h5", "w") as file:
            file[f"{part}_set_x"], file[f"{part}_set_y"] = IMAGES[list(rows)], LABELS[list(rows)]
            file["list_classes"] = np.array([b"ant", b"bee", b"cat"])


@layout(Stops(r"shape=\[3, 32, 32\]", {"shape": [3, 32, 32]}), labels=LABELS.astype(str), images=COLOURS)
def rows_of_colours(top):
    """an .npz with images (n, 3072)"""
    np.savez(top / "own.npz", images=COLOURS.transpose(0, 3, 1, 2).reshape(90, -1), labels=LABELS)


def shards(top, pictures=("png",), folder=""):
    """Write WebDataset's shards, with a picture of each of these endings in a sample."""
    for part, rows in {"train": TRAIN, "test": REST}.items():
        with tarfile.open(top / f"{part}-000.tar", "w") as file:
            for index in rows:
                contents = {"cls": WORDS[index].encode()} | dict.fromkeys(pictures, png(IMAGES[index]))
                for ending, content in contents.items():
                    member = tarfile.TarInfo(f"{folder}{index:04d}.{ending}")
                    member.size = len(content)
                    file.addfile(member, io.BytesIO(content))


@layout(TWO)
def web_dataset(top):
    """train-000.tar with 1.png and 1.cls"""
    shards(top)


@layout(TWO)
def shards_packed_in_their_folder(top):
    """train-000.tar with ./v1.0/1.png and ./v1.0/1.cls"""
    shards(top, folder="./v1.0/")


@layout(Stops("must have one picture, got 0060.png and 0060.seg.png; [^;]* of their own$"))
def shards_with_masks(top):
    """train-000.tar with 1.png, 1.seg.png and 1.cls"""
    shards(top, ["png", "seg.png"])


@layout(Stops("TensorFlow's records"))
def tensorflow_records(top):
    """train.tfrecord"""
    (top / "train.tfrecord").write_bytes(bytes(64))


@layout(Stops("spreadsheets"))
def a_spreadsheet(top):
    """own.xlsx"""
    (top / "own.xlsx").write_bytes(b"PK\x03\x04")


@layout(THREE)
def eurosat(top):
    """ant/1.png, and train.csv, validation.csv, test.csv that say the parts"""
    sort_into(top, range(90))
    for part, rows in {"train": TRAIN, "validation": VALIDATION, "test": TEST}.items():
        frame = names(rows, "{label}/{index}.png").rename(columns={"file": "Filename", "label": "ClassName"})
        frame.assign(Label=LABELS[list(rows)]).to_csv(top / f"{part}.csv")


@layout({"all": TRAIN})
def alphabet(top):
    """asl_train/asl_train/A/1.png, asl_test/asl_test/A_test.png"""
    sort_into(top / "asl_train/asl_train", TRAIN)
    for index in range(60, 63):
        save(top / "asl_test/asl_test" / f"{WORDS[index]}_test.png", index)


@layout(TWO)
def intel_scenes(top):
    """seg_train/seg_train/ant/, seg_test/seg_test/ant/, seg_pred/seg_pred/1.png"""
    sort_into(top / "seg_train/seg_train", TRAIN)
    sort_into(top / "seg_test/seg_test", REST)
    sort_into(top / "seg_pred/seg_pred", [0, 1], "{index}.png")


@layout(TWO)
def tables_there_twice(top):
    """sign_train.csv, and sign_train/sign_train.csv again"""
    for part, rows in {"train": TRAIN, "test": REST}.items():
        for folder in (top, top / f"sign_{part}"):
            folder.mkdir(exist_ok=True)
            pixels(rows, label=WORDS[list(rows)]).to_csv(folder / f"sign_{part}.csv", index=False)


@layout(TWO)
def hashes_in_names_of_shards(top):
    """data/train-00000-of-00002-8f1ab2c4d5e6f708.parquet"""
    (top / "data").mkdir()
    for name, rows in {
        "train-00000-of-00002-8f1ab2c4d5e6f708": TRAIN[:30],
        "train-00001-of-00002-c0ffee00c0ffee00": TRAIN[30:],
        "test-00000-of-00001-0123456789abcdef": REST,
    }.items():
        pixels(rows, label=WORDS[list(rows)]).to_parquet(top / "data" / f"{name}.parquet")


@layout(Stops("in several rows, with different labels"))
def boxes_of_objects(top):
    """filename, class, xmin, ymin: several objects in a picture"""
    sort_into(top / "img", range(90), "{index}.png")
    frame = pd.concat([names(range(90)), names(range(90)).assign(label=WORDS[::-1])])
    frame.rename(columns={"file": "filename", "label": "class"}).assign(xmin=1, ymin=1).to_csv(top / "boxes.csv")


@layout(EVERY)
def sizes_in_a_table(top):
    """ant/1.png, and sizes.csv with label, width, height and more numbers"""
    sort_into(top, range(90))
    pd.DataFrame({"label": WORDS, **dict.fromkeys("abcdef", LABELS)}).to_csv(top / "sizes.csv", index=False)


@layout({"all": TRAIN})
def same_names_for_train_and_test(top):
    """train_labels.csv with id 1; train/1.png, test/1.png"""
    sort_into(top / "train", TRAIN, "{index}.png")
    for index in TRAIN:
        save(top / "test" / f"{index}.png", 89 - index)
    names(TRAIN, "{index}").rename(columns={"file": "id"}).to_csv(top / "train_labels.csv", index=False)


@layout({"all": TRAIN}, labels=[f"{word} Red 1" for word in WORDS])
def fruits(top):
    """Training/Apple Red 1/1.jpg, test-multiple_fruits/1.jpg"""
    sort_into(top / "Training", TRAIN, "{label} Red 1/r_{index}_100.png")
    sort_into(top / "test-multiple_fruits", [0, 1], "{label}s{index}.png")


@layout(EVERY)
def one_hot_ground_truth(top):
    """ISIC_GroundTruth.csv: image, MEL, NV as 0.0 and 1.0"""
    sort_into(top / "ISIC_Training_Input", range(90), "ISIC_{index:07d}.png")
    ones = {name: (name == WORDS).astype(float) for name in [*NAMES, "UNK"]}
    frame = names(range(90), "ISIC_{index:07d}").rename(columns={"file": "image"}).drop(columns="label")
    frame.assign(**ones).to_csv(top / "ISIC_Training_GroundTruth.csv", index=False)


@layout(EVERY, labels=LABELS.astype(str))
def faces(top):
    """ORL_32x32.mat with fea (n, 1024) and gnd"""
    scipy.io.savemat(top / "ORL_32x32.mat", {"fea": IMAGES.reshape(90, 64), "gnd": LABELS[:, None]})


@layout(Stops("same folders inside", {"level": 2}))
def patients(top):
    """8863/0/1.png, 8863/1/2.png: a folder for each patient, classes inside"""
    sort_into(top / "8863", range(45))
    sort_into(top / "9077", range(45, 90))


@layout(EVERY)
def tiny_readme_and_hidden_files(top):
    """ant/1.png, .DS_Store, README.md, ant/Thumbs.db"""
    sort_into(top, range(90))
    for name in (".DS_Store", "README.md", "ant/Thumbs.db", "ant/._1.png"):
        (top / name).write_bytes(b"-")


@layout(TWO, labels=LABELS.astype(str))
def usps(top):
    """usps.h5 with train/data, train/target, test/data, test/target"""
    with h5py.File(top / "usps.h5", "w") as file:
        for part, rows in {"train": TRAIN, "test": REST}.items():
            file[f"{part}/data"] = IMAGES[list(rows)].reshape(-1, 64).astype("f4")
            file[f"{part}/target"] = LABELS[list(rows)]


@layout(THREE, labels=LABELS.astype(str))
def medmnist(top):
    """pathmnist.npz with train_images, train_labels (n, 1), val_images"""
    held = {}
    for part, rows in {"train": TRAIN, "val": VALIDATION, "test": TEST}.items():
        held |= {f"{part}_images": IMAGES[list(rows)], f"{part}_labels": LABELS[list(rows)][:, None]}
    np.savez(top / "pathmnist.npz", **held)


def lines(path, *each):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(each))


@layout({"all": range(90)})
def author_s_lists(top):
    """images/ant/1.png, and meta/train.txt, meta/test.txt: a line says that these are not read"""
    sort_into(top / "images", range(90))
    for part, rows in {"train": TRAIN, "test": REST}.items():
        lines(top / f"meta/{part}.txt", *(f"{WORDS[index]}/{index}" for index in rows))


@layout({"all": range(90)})
def nested_copy(top):
    """cells/ant/1.png, and a copy of everything in cells/cells/ant/1.png"""
    sort_into(top / "cells", range(90))
    sort_into(top / "cells/cells", range(90))


@layout({"all": range(60)})
def validation_in_text(top):
    """train/ant/images/1.png, val/images/2.png with val_annotations.txt, test/images/3.png"""
    sort_into(top / "train", TRAIN, "{label}/images/{index}.png")
    sort_into(top, VALIDATION, "val/images/{index}.png")
    sort_into(top, TEST, "test/images/{index}.png")
    lines(top / "val/val_annotations.txt", *(f"{index}.png\t{WORDS[index]}" for index in VALIDATION))


@layout(TWO, labels=LABELS.astype(str))
def traffic_signs(top):
    """Train.csv, Test.csv with ClassId and Path, and Meta.csv with a picture of each class"""
    for part, rows in {"Train": TRAIN, "Test": REST}.items():
        paths = [f"{part}/{LABELS[index]}/{index:05}.png" for index in rows]
        for index, path in zip(rows, paths, strict=True):
            save(top / path, index)
        pd.DataFrame({"Width": 8, "ClassId": LABELS[list(rows)], "Path": paths}).to_csv(
            top / f"{part}.csv", index=False
        )
    for digit in range(3):
        save(top / f"Meta/{digit}.png", digit)
    meta = {"Path": [f"Meta/{digit}.png" for digit in range(3)], "ClassId": range(3), "ShapeId": [0, 1, 1]}
    pd.DataFrame(meta).to_csv(top / "Meta.csv", index=False)


@layout(Stops("TEST and TEST_SIMPLE: both are for test.*names 5 of 102", {"aside": ["TEST_SIMPLE"]}))
def two_tests_and_a_small_table(top):
    """TRAIN/, TEST/, TEST_SIMPLE/, and labels.csv that names a few pictures"""
    for part, rows in {"TRAIN": TRAIN, "TEST": REST, "TEST_SIMPLE": VALIDATION}.items():
        sort_into(top / part, rows)
    pd.DataFrame({"Image": range(5), "Category": [*"ABABA"]}).to_csv(top / "labels.csv", index=False)


@layout(Stops("there must be a folder for each class", {"label": "^[0-9]+_[01]_([0-9])_"}))
def ages_in_names(top):
    """faces/26_0_2_2017.png: age, sex and origin in the name"""
    for index in range(90):
        save(top / f"faces/{20 + index % 40}_{index % 2}_{LABELS[index]}_2017{index:03}.png", index)


@layout({"all": range(90)}, labels=np.char.capitalize(WORDS))
def pets(top):
    """images/Ant_1.png, annotations/trimaps/Ant_1.png"""
    for index in range(90):
        save(top / f"images/{WORDS[index].title()}_{index}.png", index)
        save(top / f"annotations/trimaps/{WORDS[index].title()}_{index}.png", (index + 1) % 90)


@layout(Stops("images: names no class, and lies beside extra", {"aside": ["extra"], "label": "^([a-z]+)_"}))
def images_beside_others(top):
    """images/ant_1.png, extra/ant_1.png: two kinds of pictures"""
    sort_into(top, range(90), "images/{label}_{index}.png")
    sort_into(top, range(90), "extra/{label}_{index}.png")


@layout(Stops("there must be a folder for each class.*folders test, train and valid alone"))
def yolo(top):
    """train/images/1.png, train/labels/1.txt: boxes of objects"""
    for part, rows in {"train": TRAIN, "valid": VALIDATION, "test": TEST}.items():
        sort_into(top, rows, f"{part}/images/{{index}}.png")
        for index in rows:
            lines(top / f"{part}/labels/{index}.txt", f"{LABELS[index]} .5 .5 1 1")


@layout({"all": range(60)})
def one_hot_contest(top):
    """train.csv with image_id, ant, bee, cat; test.csv, sample_submission.csv; images/Train_1.png"""
    sort_into(top, TRAIN, "images/Train_{index}.png")
    sort_into(top, REST, "images/Test_{index}.png")
    named = {
        part: pd.DataFrame({"image_id": [f"{part}_{n}" for n in rows]})
        for part, rows in (("Train", TRAIN), ("Test", REST))
    }
    named["Train"].assign(**{name: (WORDS[:60] == name).astype(int) for name in NAMES}).to_csv(
        top / "train.csv", index=False
    )
    named["Test"].to_csv(top / "test.csv", index=False)
    named["Test"].assign(**dict.fromkeys(NAMES, 0.33)).to_csv(top / "sample_submission.csv", index=False)


def reading(expected):
    """Return what the table of the page says of a layout."""
    if isinstance(expected, Stops):
        named = [" ".join(f"`{key}={_said(value)}`" for key, value in each.items()) for each in expected.options]
        return f"stops; {' or '.join(named)}" if named else "stops, and says how to convert it"
    return ", ".join(f"{part} {len(rows)}" for part, rows in expected.items())


def _said(value):
    return json.dumps(value).replace('"', "")


@layout(Stops("put all into one, with the folder's name in front: test/images.npy as test-images.npy"))
def arrays_in_several_folders(top):
    """train/images.npy, train/labels.npy, test/images.npy, test/labels.npy"""
    for folder, rows in {"train": TRAIN, "test": REST}.items():
        (top / folder).mkdir()
        np.save(top / folder / "images.npy", IMAGES[list(rows)])
        np.save(top / folder / "labels.npy", LABELS[list(rows)])


@layout(TWO, labels=LABELS)
def arrays_with_folders_in_front(top):
    """images-train.npy, labels-train.npy, images-test.npy, labels-test.npy"""
    for part, rows in {"train": TRAIN, "test": REST}.items():
        np.save(top / f"images-{part}.npy", IMAGES[list(rows)])
        np.save(top / f"labels-{part}.npy", LABELS[list(rows)])


@layout(EVERY)
def a_table_in_each_class_folder(top):
    """Images/ant/1.png, Images/ant/GT-ant.csv: a table in each class folder"""
    sort_into(top / "Images", range(90))
    for name in NAMES:
        rows = [f"{index}.png;8;8;{name}\n" for index in np.flatnonzero(name == WORDS)]
        (top / f"Images/{name}/GT-{name}.csv").write_text("Filename;Width;Height;ClassId\n" + "".join(rows))


BACKGROUND = np.where(WORDS == "cat", "BACKGROUND_Google", WORDS)


@layout(EVERY, labels=BACKGROUND)
def a_class_of_the_rest(top):
    """101_ObjectCategories/ant/1.png, BACKGROUND_Google/2.png: read as a class, and a line offers to exclude it"""
    for index in range(90):
        save(top / f"101_ObjectCategories/{BACKGROUND[index]}/{index}.png", index)


@layout(THREE)
def lists_of_files_of_class_folders(top):
    """EuroSAT/ant/1.png, and EuroSAT/train.csv, validation.csv, test.csv with Filename, Label, ClassName"""
    sort_into(top / "EuroSAT", range(90))
    for part, rows in {"train": TRAIN, "validation": VALIDATION, "test": TEST}.items():
        table = names(rows, "{label}/{index}.png", Label=LABELS[list(rows)])
        table.rename(columns={"file": "Filename", "label": "ClassName"}).to_csv(top / f"EuroSAT/{part}.csv")


@layout(THREE, labels=LABELS)
def camelyon_pairs(top):
    """split_train_x.h5 with x, split_train_y.h5 with y (n, 1, 1, 1), split_train_meta.csv"""
    for part, rows in {"train": TRAIN, "valid": VALIDATION, "test": TEST}.items():
        for key, values in {"x": IMAGES, "y": LABELS.reshape(-1, 1, 1, 1)}.items():
            with h5py.File(top / f"split_{part}_{key}.h5", "w") as file:
                file[key] = values[list(rows)]
        (top / f"split_{part}_meta.csv").write_text("coord_y,coord_x,tumor_patch\n1,2,True\n2,3,False\n")


@layout(Stops("column 'Finding Labels': has several labels in a cell, as 'ant\\|bee'", {"label": "View"}))
def several_labels_in_a_cell(top):
    """a table with `ant|bee` in some cells: several labels for an image"""
    for index in range(90):
        save(top / f"images_001/{index}.png", index)
    table = names(range(90), View=WORDS).rename(columns={"file": "Image Index", "label": "Finding Labels"})
    table.loc[::7, "Finding Labels"] = "ant|bee"
    table.to_csv(top / "Data_Entry.csv", index=False)


@layout(Stops(r"hold no array of images, but labels and trnid; .* write a table `file_name,label`"))
def flowers_102(top):
    """jpg/image_00001.jpg, imagelabels.mat, setid.mat"""
    for index in range(90):
        save(top / f"jpg/image_{index:05}.jpg", index)
    scipy.io.savemat(top / "imagelabels.mat", {"labels": LABELS[None]})
    scipy.io.savemat(top / "setid.mat", {"trnid": np.arange(60)[None]})


@layout(Stops("if train.txt says what the pictures show, make a CSV of it"))
def lists_of_caffe(top):
    """images/1.png, train.txt with `images/1.png 0`"""
    for index in range(90):
        save(top / f"images/{index}.png", index)
    (top / "train.txt").write_text("".join(f"images/{index}.png {LABELS[index]}\n" for index in TRAIN))


@layout(Stops("if labels.json says what the pictures show, make a CSV of it"))
def labels_in_json(top):
    """images/1.png, labels.json with {"1.png": "ant"}"""
    for index in range(90):
        save(top / f"images/{index}.png", index)
    (top / "labels.json").write_text(json.dumps({f"{index}.png": WORDS[index] for index in range(90)}))


@layout(Stops("unpack test1.zip and train.zip first"))
def archives_in_a_folder(top):
    """train.zip, test1.zip, sampleSubmission.csv: as in Kaggle's archive"""
    for name in ("train", "test1"):
        with zipfile.ZipFile(top / f"{name}.zip", "w") as archive:
            archive.writestr(f"{name}/cat.1.png", png(IMAGES[0]))
    (top / "sampleSubmission.csv").write_text("id,label\n1,0\n")


@layout(Stops(r"cannot be read: 2 .bin \(numbers without their shape\)"))
def stl_10(top):
    """train_X.bin, train_y.bin, class_names.txt"""
    for name in ("train_X", "train_y"):
        (top / f"{name}.bin").write_bytes(bytes(300))
    (top / "class_names.txt").write_text("ant\nbee\ncat\n")


@layout({"all": TRAIN})
def a_test_folder_that_names_no_class(top):
    """train/ant/1.png, test/unknown/2.png: the test images have no labels"""
    sort_into(top / "train", TRAIN)
    sort_into(top, REST, "test/unknown/{index}.png")


@layout(TWO)
def an_index_in_parquet(top):
    """ant/1.png, and index.parquet with path, cls, split"""
    sort_into(top, range(90))
    split = ["train" if index < 60 else "test" for index in range(90)]
    table = names(range(90), "{label}/{index}.png", split=split)
    table.rename(columns={"file": "path", "label": "cls"}).to_parquet(top / "index.parquet")


@layout(Stops("no class folders inside, and lie beside invalid", {"level": 1}), labels=WORDS)
def a_class_called_valid(top):
    """valid/1.png, invalid/2.png, unclear/3.png: `valid` may be a class, or images to validate with"""
    for index in range(90):
        save(top / f"{('valid', 'invalid', 'unclear')[LABELS[index]]}/{index}.png", index)


@layout(Stops("folders HAM_images_part_1 and HAM_images_part_2 alone.*if HAM_metadata says what", {"level": 1}))
def numbered_folders(top):
    """HAM_images_part_1/1.png, HAM_images_part_2/2.png, and HAM_metadata, a table without extension"""
    for index in range(90):
        save(top / f"HAM_images_part_{index % 2 + 1}/ISIC_{index}.png", index)
    names(range(90), "ISIC_{index}").to_csv(top / "HAM_metadata", index=False)


@layout(Stops("a folder for each class", {"level": 1}))
def folders_of_patients(top):
    """patient_001/1.png, patient_002/2.png: no classes"""
    for index in range(90):
        save(top / f"patient_{index % 7:03}/{index}.png", index)


@layout(Stops(r"must have images to train on, got none of \['bee'\]", {"aside": ["test/bee", "ground_truth", "x"]}))
def good_parts_to_train_on(top):
    """train/good/, test/good/, test/broken/, ground_truth/broken/1_mask.png: nothing to learn `broken` from"""
    for index in range(90):
        part = "train" if LABELS[index] != 1 else "test"
        save(top / part / WORDS[index] / f"{index}.png", index)
    save(top / "test/ant/0.png", 0)
    save(top / "ground_truth/bee/1_mask.png", 1)


@layout(EVERY, path="own.zip")
def packed_by_windows(top):
    """own.zip whose names have backslashes: own\\ant\\1.png"""
    with zipfile.ZipFile(top / "own.zip", "w") as file:
        for index in range(90):
            member = zipfile.ZipInfo("-")
            member.filename = f"own\\{WORDS[index]}\\{index}.png"
            file.writestr(member, png(IMAGES[index]))


@layout(Stops("styles.csv: row 7: must have 2 columns, got 3"))
def a_broken_table(top):
    """images/1.png, and styles.csv with a comma too many in a row"""
    sort_into(top, range(90), "images/{index}.png")
    rows = ["id,articleType", *(f"{index},{WORDS[index]}" for index in range(90))]
    lines(top / "styles.csv", *rows[:6], rows[6] + ",", *rows[7:])


@layout({"all": TRAIN})
def sample_submission_in_one_word(top):
    """trainLabels.csv and sampleSubmission.csv with id, label; train/1.png, test/1.png"""
    for part, rows in {"train": TRAIN, "test": REST}.items():
        for number, index in enumerate(rows):
            save(top / part / f"{number}.png", index)
    for name, labels in {"trainLabels": WORDS[:60], "sampleSubmission": ["ant"] * 30}.items():
        pd.DataFrame({"id": range(len(labels)), "label": labels}).to_csv(top / f"{name}.csv", index=False)


@layout(THREE)
def names_that_the_parts_share(top):
    """labels.csv with 1.png, label, split; train/1.png, val/1.png, test/1.png"""
    rows = []
    for part, each in {"train": TRAIN, "val": VALIDATION, "test": TEST}.items():
        for number, index in enumerate(each):
            save(top / part / f"{number}.png", index)
            rows.append((f"{number}.png", WORDS[index], part))
    pd.DataFrame(rows, columns=["file", "label", "split"]).to_csv(top / "labels.csv", index=False)


@layout({"all": TRAIN})
def hidden_test_labels(top):
    """train.parquet, and test.parquet whose labels are all -1 (Hugging Face)"""
    features = {"label": {"names": NAMES.tolist(), "_type": "ClassLabel"}}
    for part, rows in {"train": TRAIN, "test": REST}.items():
        labels = [int(LABELS[index]) if part == "train" else -1 for index in rows]
        table = pa.table({"image": [png(IMAGES[index]) for index in rows], "label": labels})
        metadata = {"huggingface": json.dumps({"info": {"features": features}})}
        pq.write_table(table.replace_schema_metadata(metadata), top / f"{part}.parquet")


@layout({"all": TRAIN})
def a_test_table_without_values(top):
    """train.csv and test.csv with file, label; those of test.csv are empty"""
    sort_into(top, range(90), "images/{index}.png")
    names(TRAIN).to_csv(top / "train.csv", index=False)
    names(REST).assign(label="").to_csv(top / "test.csv", index=False)


@layout(TWO)
def views_of_arrow(top):
    """polars' .arrow: views of text and bytes, a dictionary of them, and a split"""
    labels = pa.DictionaryArray.from_arrays(LABELS.astype("i1"), pa.array(NAMES.tolist(), pa.string_view()))
    pictures = pa.array([png(image) for image in IMAGES], pa.binary_view())
    table = pa.table({"image": pictures, "label": labels, "split": ["train"] * 60 + ["test"] * 30})
    with pa.ipc.new_file(str(top / "own.arrow"), table.schema) as file:
        file.write_table(table)


@layout(EVERY)
def arrays_as_text_in_lines(top):
    """own.csv with image, label: the image is NumPy's text of an array, in several lines"""
    pd.DataFrame({"image": [str(image) for image in IMAGES], "label": WORDS}).to_csv(top / "own.csv", index=False)


@layout(TWO, labels=np.char.add("thé ", WORDS))
def accents_and_spaces(top):
    """train.csv and test.csv, with the same labels, but accents and spaces encoded differently"""
    for part, rows, form, space in (("train", TRAIN, "NFC", " "), ("test", REST, "NFD", "\u00a0")):
        labels = [unicodedata.normalize(form, f"thé{space}{WORDS[index]}") for index in rows]
        pixels(rows, label=labels).to_csv(top / f"{part}.csv", index=False)


@layout(EVERY, labels=LABELS)
def decimal_labels(top):
    """Parquet with labels of type decimal"""
    pixels(range(90), label=[Decimal(int(label)) for label in LABELS]).to_parquet(top / "own.parquet")


@layout(Stops("`pandas.read_parquet\\('own'\\).to_parquet"))
def a_table_in_folders_by_label(top):
    """label=ant/part-0.parquet, label=bee/part-0.parquet, as Spark writes them"""
    for name in NAMES:
        (top / f"label={name}").mkdir()
        pixels(np.flatnonzero(name == WORDS)).to_parquet(top / f"label={name}/part-0.parquet")


@layout(TWO, labels=LABELS + 1)
def idx_counted_from_one(top):
    """train-images-idx3-ubyte, train-labels-idx1-ubyte, ...: EMNIST's letters renamed, labels from 1"""
    for part, rows in {"train": list(TRAIN), "t10k": list(REST)}.items():
        idx(top / f"{part}-images-idx3-ubyte", IMAGES[rows])
        idx(top / f"{part}-labels-idx1-ubyte", LABELS[rows].astype("u1") + 1)


@layout(TWO, labels=LABELS)
def packed_and_unpacked(top):
    """MNIST/raw/train-images-idx3-ubyte, and the same again as .gz"""
    for part, rows in {"train": list(TRAIN), "t10k": list(REST)}.items():
        for ending in ("", ".gz"):
            idx(top / f"MNIST/raw/{part}-images-idx3-ubyte{ending}", IMAGES[rows])
            idx(top / f"MNIST/raw/{part}-labels-idx1-ubyte{ending}", LABELS[rows].astype("u1"))


@layout(Stops("each file may be one image, as 0.npy: put all into one file"))
def an_array_for_each_image(top):
    """ant/0.npy, bee/1.npy: each file is one image"""
    for index in range(90):
        (top / WORDS[index]).mkdir(exist_ok=True)
        np.save(top / WORDS[index] / f"{index}.npy", IMAGES[index])


@layout(Stops("got one array; save the labels beside it: `np.save"))
def images_alone_in_an_array(top):
    """images.npy, labels.csv"""
    np.save(top / "images.npy", IMAGES)
    pd.DataFrame({"label": WORDS}).to_csv(top / "labels.csv", index=False)


@layout(TWO, labels=LABELS, path="own.zip")
def arrays_in_folders_of_an_archive(top):
    """own.zip with train/images.npy, train/labels.npy, test/images.npy, test/labels.npy"""
    with zipfile.ZipFile(top / "own.zip", "w") as file:
        for part, rows in {"train": list(TRAIN), "test": list(REST)}.items():
            for name, array in {"images": IMAGES[rows], "labels": LABELS[rows]}.items():
                stream = io.BytesIO()
                np.save(stream, array)
                file.writestr(f"{part}/{name}.npy", stream.getvalue())


@layout(EVERY, labels=LABELS)
def structures_of_matlab(top):
    """emnist-letters.mat with dataset.train.images, dataset.train.labels"""
    held = {"train": {"images": IMAGES.reshape(90, 64), "labels": LABELS[:, None]}, "mapping": np.eye(2)}
    scipy.io.savemat(top / "emnist-letters.mat", {"dataset": held})


@layout(Stops("test/0.tar as test-0.tar"))
def shards_in_folders(top):
    """train/0.tar, test/0.tar with 1.png and 1.cls"""
    web_dataset(top)
    for part in ("train", "test"):
        (top / part).mkdir()
        (top / f"{part}-000.tar").rename(top / part / "0.tar")


@layout(Stops("cannot be read: 1 .tfrecord"))
def tensorflow_datasets(top):
    """mnist-train.tfrecord-00000-of-00001, features.json, dataset_info.json"""
    for name in ("mnist-train.tfrecord-00000-of-00001", "features.json", "dataset_info.json"):
        (top / name).write_bytes(b"{}")


@layout(Stops(r"cannot be read: 2 .dcm \(DICOM pictures\)"))
def dicom_without_endings(top):
    """A_README, PAT1/IM1, PAT2/IM2: DICOM"""
    for name in ("A_README", "PAT1/IM1", "PAT2/IM2"):
        lines(top / name, "" if name == "A_README" else f"{chr(0) * 128}DICM")


@layout(Stops("if labels.xlsx says what the pictures show, make a CSV of it"))
def labels_in_a_spreadsheet(top):
    """images/1.png, labels.xlsx"""
    sort_into(top, range(90), "images/{index}.png")
    (top / "labels.xlsx").write_bytes(b"PK")


@layout(Stops("column 'file' names pictures, and none lie beside the table; unpack images.zip first"))
def pictures_still_packed(top):
    """images.zip, and labels.csv with file, label"""
    with zipfile.ZipFile(top / "images.zip", "w") as file:
        file.writestr("images/0.png", png(IMAGES[0]))
    names(range(90)).to_csv(top / "labels.csv", index=False)


@layout(Stops("a TIFF of 13 channels of 16 bits is not read; `tifffile` reads it"))
def bands_of_a_satellite(top):
    """EuroSAT/ant/ant_1.tif with 13 bands"""
    tags = [(256, 8), (257, 8), (258, 16), (259, 1), (262, 1), (273, 8), (277, 13), (278, 8), (279, 13 * 128)]
    entries = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags)
    content = struct.pack("<4sIH", b"II*\0", 8, len(tags)) + entries + bytes(4)
    for index in range(90):
        path = top / f"EuroSAT/{WORDS[index]}/{index}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def layouts_table():
    """Return the table of all layouts in docs/YOUR-DATA.md."""
    rows = [
        f"| {write.__doc__.partition(chr(10))[0]} | {reading(expected)} |" for write, expected, *_ in LAYOUTS.values()
    ]
    return "\n".join(["| files | result |", "|---|---|", *(row.replace("(0 or 1)", "") for row in rows)])
