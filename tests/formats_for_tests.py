"""The digits of scikit-learn, 8 x 8 and from 0 to 16, written in every format as people have them."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from sklearn.datasets import load_digits

from hemline.data.pixels import Pixels
from hemline.formats.format import find_format, open_source, parse_options
from hemline.images.form import Form

TRAIN = 300
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def digits(count=500):
    """Return uint8 (count, 8, 8) and labels (count,)."""
    found = load_digits()
    return found.images[:count].astype(np.uint8), found.target[:count]


def encoded(image, kind="png"):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind)
    return buffer.getvalue()


def write_picture(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(image, path.suffix.lstrip(".").lower().replace("jpg", "jpeg")))
    return path


def as_folder(folder, images, labels):
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        part = "train" if index < TRAIN else "Test"
        write_picture(folder / "digits" / part / str(label) / f"{index}.png", image)
    return folder / "digits"


def frame(images, labels):
    pixels = pd.DataFrame(images.reshape(len(images), -1), columns=[f"pixel{n}" for n in range(1, 65)])
    return pd.concat([pd.Series(labels, name="label"), pixels], axis=1)


def as_csv(folder, images, labels):
    whole = frame(images, labels)
    whole[:TRAIN].to_csv(folder / "digits_train.csv", index=False)
    whole[TRAIN:].to_csv(folder / "digits_test.csv", index=False)
    return folder


def as_split_csv(folder, images, labels):
    parts = ["train"] * TRAIN + ["test"] * (len(labels) - TRAIN)
    frame(images, labels).assign(split=parts).to_csv(folder / "digits.csv.gz")
    return folder / "digits.csv.gz"


def as_parquet(folder, images, labels):
    whole = frame(images, labels)
    whole[:TRAIN].to_parquet(folder / "train.parquet")
    whole[TRAIN:].to_parquet(folder / "test.parquet")
    return folder


def hugging_face(images, labels, names=None):
    """Return a table as Hugging Face exports it."""
    pictures = [{"bytes": encoded(image), "path": None} for image in images]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"} if names else {}}
    table = pa.table({"image": pa.array(pictures, kind), "label": pa.array(labels)})
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def as_hugging_face(folder, images, labels):
    table = hugging_face(images, labels)
    (folder / "data").mkdir()
    for name, rows in {
        "test-00000-of-00001": slice(TRAIN, None),
        "train-00000-of-00002": slice(100),
        "train-00001-of-00002": slice(100, TRAIN),
    }.items():
        pq.write_table(table[rows], folder / "data" / f"{name}.parquet")
    return folder


def as_paths(folder, images, labels):
    for index, image in enumerate(images):
        write_picture(folder / "pictures" / f"{index}.png", image)
    files = [f"pictures/{index}.png" for index in range(len(images))]
    whole = pd.DataFrame({"file": files, "class": labels})
    whole[:TRAIN].to_csv(folder / "train.csv", index=False)
    whole[TRAIN:].to_csv(folder / "test.csv", index=False)
    return folder


def arrays(images, labels):
    return {
        "x_train": images[:TRAIN].astype(float),
        "y_train": labels[:TRAIN],
        "x_test": images[TRAIN:].astype(float),
        "y_test": labels[TRAIN:],
    }


def as_npz(folder, images, labels):
    np.savez_compressed(folder / "digits.npz", **arrays(images, labels))
    return folder / "digits.npz"


def as_npy(folder, images, labels):
    for key, array in arrays(images, labels).items():
        np.save(folder / f"{key}.npy", array)
    return folder


WRITERS = {
    "folder": [as_folder],
    "table": [as_csv, as_split_csv, as_parquet, as_hugging_face, as_paths],
    "arrays": [as_npz, as_npy],
}


def opened(name, path, **options):
    """Find and open a data set as `make describe` does."""
    form = find_format(name)
    found = form.find(path, parse_options(name, options, Path("data/own.yaml")))
    assert found is not None
    return open_source(name, found.files, found.options, Path("data/own.yaml"))


def all_images(source, part, image_shape=(8, 8), **pixels):
    return np.concatenate(list(source.batches(part, Form(image_shape, Pixels(**pixels)))))


def all_labels(source, part):
    codes, values, _ = vars(source.parts()[part]).values()
    return [values[code] for code in codes]
