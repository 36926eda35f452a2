"""Tables with pixels, pictures or paths in columns."""

import gzip
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from formats_for_tests import (
    WORDS,
    all_images,
    all_labels,
    as_paths,
    digits,
    encoded,
    frame,
    hugging_face,
    opened,
    write_picture,
)

from hemline.errors import InputError
from hemline.formats.format import Located, find_format, open_source
from hemline.images.tree import pack
from hemline.tables import table_file
from hemline.tables.table_file import TableFile

TABLE = find_format("table")
IMAGES, LABELS = digits(60)
FRAME = frame(IMAGES, LABELS)


def csv(tmp_path, text, name="own.csv"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def values(source):
    """Return the labels as they stand, in their order."""
    return vars(source.parts()["all"])["values"]


def read(path, **options):
    """Open a table that ``find`` may leave to options, and read all of it."""
    source = open_source("table", [Located(path)], options, path.parent / "own.yaml")
    for part in source.parts():
        for image in source.images(part):
            if isinstance(image, InputError):
                raise image
    return source


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["own.csv", "own.csv.gz"])
def test_a_csv_file_has_any_separator_packed_or_not(separator, name, tmp_path):
    FRAME.to_csv(tmp_path / name, sep=separator, index=False)
    source = opened("table", tmp_path / name)
    assert np.array_equal(all_images(source, "all"), IMAGES)
    assert all_labels(source, "all") == LABELS.astype(str).tolist()
    assert source.name("all", 0) == f"{tmp_path / name}: row 2"  # as a spreadsheet counts


def test_columns_that_are_no_pixels_are_known_or_taken_out(tmp_path):
    other = FRAME.rename(columns={"label": "Class"}).assign(id=range(60), weight=0.5, remark="-")
    other[sorted(other.columns, reverse=True, key=lambda name: name == "Class")].to_csv(tmp_path / "own.csv")
    source = read(tmp_path / "own.csv")
    assert values(source) == list("0123456789")
    assert np.array_equal(all_images(source, "all"), IMAGES)
    _, told = TABLE.find(tmp_path / "own.csv", TABLE.Options()).told
    assert told == "Columns ['weight', 'remark'] are not looked at: the pixels are pixel1 to pixel64."
    plain = other.rename(columns={f"pixel{n}": chr(200 + n) for n in range(1, 65)})
    plain.to_csv(tmp_path / "plain.csv")
    with pytest.raises(InputError, match=r"column 'remark': must be numbers, .*`--option 'ignore=\[remark\]'`"):
        opened("table", tmp_path / "plain.csv")
    with pytest.raises(
        InputError, match=r"65 pixels in a row make no square; .*`--option 'ignore=\[<column>\]'` takes out"
    ):
        read(tmp_path / "plain.csv", ignore=["remark"])
    with pytest.raises(InputError, match=r"options\.ignore: must be one of .* and 61 more, got 'other'"):
        read(tmp_path / "own.csv", ignore=["other"])


def test_options_name_columns_and_shapes(tmp_path):
    other = FRAME.rename(columns={"label": "digit"}).assign(fold=["train", "VAL", "test"] * 20, person=LABELS % 3)
    other.to_csv(tmp_path / "own.csv", index=False)
    source = opened("table", tmp_path / "own.csv", label="digit", split="fold", group="person", shape=[4, 16])
    assert list(source.parts()) == ["train", "validation", "test"]
    assert np.array_equal(all_images(source, "validation", (4, 16)), IMAGES[1::3].reshape(-1, 4, 16))
    assert np.array_equal(source.parts()["test"].groups, LABELS[2::3] % 3)
    assert source.name("test", 1) == f"{tmp_path / 'own.csv'}: row 7"
    for option in ("label", "split", "group", "image"):
        with pytest.raises(InputError, match=rf"options\.{option}: must be one of \['digit', .* got 'no'"):
            opened("table", tmp_path / "own.csv", **{"label": "digit", option: "no"})


def test_pixels_of_parquet_keep_their_type(tmp_path):
    deep = FRAME.astype(np.uint16)
    deep.to_parquet(tmp_path / "own.parquet")
    source = opened("table", tmp_path / "own.parquet")
    assert source.pixel_type == "uint16"
    assert next(source.images("all")).dtype == np.uint16
    assert source.name("all", 0) == f"{tmp_path / 'own.parquet'}: row 1"


@pytest.mark.parametrize("kind", ["pixels", "pictures"])
def test_rows_of_a_part_are_found_wherever_they_lie(kind, monkeypatch, tmp_path):
    monkeypatch.setattr(table_file, "_MOST_ROWS", 7)
    monkeypatch.setattr(table_file, "_PICTURES", 7)
    parts = np.where(np.arange(60) % 4 == 0, "test", "train")
    table = pa.Table.from_pandas(FRAME) if kind == "pixels" else hugging_face(IMAGES, LABELS)
    pq.write_table(table.append_column("split", pa.array(parts)), tmp_path / "own.parquet")
    source = opened("table", tmp_path / "own.parquet")
    for part in ("train", "test"):
        assert np.array_equal(all_images(source, part), IMAGES[parts == part])
        assert all_labels(source, part) == LABELS[parts == part].astype(str).tolist()


def test_hugging_face_names_the_classes_in_their_order(tmp_path):
    pq.write_table(hugging_face(IMAGES, LABELS, WORDS), tmp_path / "own.parquet")
    source = opened("table", tmp_path / "own.parquet")
    assert values(source) == WORDS
    assert all_labels(source, "all") == [WORDS[label] for label in LABELS]
    assert np.array_equal(all_images(source, "all"), IMAGES)
    hidden = np.where(np.arange(60) == 7, -1, LABELS)
    pq.write_table(hugging_face(IMAGES, hidden, WORDS), tmp_path / "own.parquet")
    with pytest.raises(InputError, match="column 'label': must be from 0 to 9, a number of a class, got -1"):
        read(tmp_path / "own.parquet")


def test_plain_bytes_and_categories_are_read_too(tmp_path):
    labels = pa.array([WORDS[label] for label in LABELS]).dictionary_encode()
    pictures = pa.array([encoded(image) for image in IMAGES])
    pq.write_table(pa.table({"target": labels, "picture": pictures}), tmp_path / "own.parquet")
    source = opened("table", tmp_path / "own.parquet")
    assert all_labels(source, "all") == [WORDS[label] for label in LABELS]
    assert np.array_equal(all_images(source, "all"), IMAGES)


def test_a_picture_that_is_missing_or_damaged_is_named(tmp_path):
    pictures = [None, b"no picture", encoded(IMAGES[2])]
    pq.write_table(pa.table({"label": [0, 1, 0], "image": pictures}), tmp_path / "own.parquet")
    images = list(opened("table", tmp_path / "own.parquet").images("all"))
    assert str(images[0]).endswith("own.parquet: row 1: must have a picture, got none")
    assert str(images[1]).endswith("own.parquet: row 2: must be a picture (PNG, JPEG, WebP, ...), got something else")
    assert np.array_equal(images[2], IMAGES[2])


def test_shards_belong_to_the_parts_that_their_names_say(tmp_path):
    for name, rows in {"test-0": slice(40, 60), "train-10": slice(30, 40), "train-9": slice(30)}.items():
        FRAME[rows].to_parquet(tmp_path / f"{name}.parquet")
    FRAME[["label"]].assign(ImageId=1).to_csv(tmp_path / "sample_submission.csv")
    found = TABLE.find(tmp_path, TABLE.Options())
    assert [file.path.name for file in found.files] == ["test-0.parquet", "train-9.parquet", "train-10.parquet"]
    source = opened("table", tmp_path)
    assert np.array_equal(all_images(source, "train"), IMAGES[:40])
    assert source.name("train", 35) == f"{tmp_path / 'train-10.parquet'}: row 6"


def test_shards_that_differ_are_refused(tmp_path):
    FRAME.to_parquet(tmp_path / "train-1.parquet")
    FRAME.drop(columns="pixel3").to_parquet(tmp_path / "train-2.parquet")
    FRAME.astype({"pixel3": str}).to_parquet(tmp_path / "train-3.parquet")
    files = {number: Located(tmp_path / f"train-{number}.parquet") for number in (1, 2, 3)}
    for number, message in {
        2: r"train-2\.parquet: must have the columns of train-1\.parquet, but differs in \['pixel3'\]",
        3: r"train-3\.parquet: column 'pixel3': must be uint8 as in train-1\.parquet, got (large_)?string",
    }.items():
        with pytest.raises(InputError, match=message):
            open_source("table", [files[1], files[number]], {}, tmp_path / "own.yaml")
    FRAME.to_parquet(tmp_path / "more.parquet")
    with pytest.raises(InputError, match=r"more\.parquet: the name must say train, test or validation"):
        open_source("table", [files[1], Located(tmp_path / "more.parquet")], {}, tmp_path / "own.yaml")


ROW = "1," + ",".join(["5"] * 4)
HEADER = "label,a,b,c,d"
REFUSED = {
    "empty": ("", "own.csv: must have a header and rows, got none"),
    "header alone": (HEADER, "must have a header and rows, got none"),
    "no rows": (f"{HEADER}\n", "must have rows, got none"),
    "no label": ("a,b\n1,2", r"must have a column of labels \(label, labels, .*\), got \['a', 'b'\]; name it by"),
    "rows of nothing": (f"{HEADER}\n,,,,\n", "must have rows, got none"),
    "no header": ("7,0,0,0,0\n" * 3, "must start with a row of different column names, got '0' twice"),
    "twice": ("label,a,a\n1,2,3", "must start with a row of different column names, got 'a' twice"),
    "no images": ("label\n0\n1", r"must have columns of pixels, of pictures or of paths, got \['label'\]"),
    "text for a pixel": (f"{HEADER}\n0,x,1,2,3\n{ROW}", "column 'a': must be numbers, as pixels are, got string"),
    "missing pixel": (f"{HEADER}\n0,1,,2,3\n{ROW}", "row 2: pixels: must be finite numbers, got nan or infinity"),
    "missing label": (f"{HEADER}\n{ROW}\n,1,2,3,4", "row 3: column 'label': must have a value, got none"),
    "ragged": (f"{HEADER}\n{ROW}\n0,1,2", "row 3: must have 5 columns, got 3"),
    "one class": (f"{HEADER}\n{ROW}\n{ROW}", r"column 'label': classes: must be two or more, got \['1'\]"),
    "unknown part": (
        f"split,{HEADER}\ntrain,{ROW}\nlater,{ROW}",
        "row 3: column 'split': must be train, .* got 'later'",
    ),
    "no pixels": ("label,id\n0,1\n1,2", "must have columns of pixels"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_data_set_is_refused_in_one_line(text, message, tmp_path):
    with pytest.raises(InputError, match=rf"own\.csv: {message}" if "own" not in message else message) as caught:
        read(csv(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_pixel_that_is_none_far_below_what_is_looked_at_first_is_named_by_its_row(tmp_path, monkeypatch):
    monkeypatch.setattr(table_file, "_BLOCK", 2**12)
    text = f"{HEADER}\n0,1,1,2,3\n" + f"{ROW}\n" * 1000 + "1,2,x,3,4"
    with pytest.raises(InputError, match=r"own\.csv: row 1003: column 'b': must be a number, got 'x'"):
        read(csv(tmp_path, text))


def test_pixels_out_of_the_described_range_are_named_by_their_row(tmp_path):
    source = opened("table", csv(tmp_path, f"{HEADER}\n{ROW}\n0,1,2,-3,4"))
    with pytest.raises(InputError, match=r"row 3: pixels: must be whole numbers of type uint8, got -3"):
        all_images(source, "all", (2, 2))
    with pytest.raises(InputError, match=r"row 3: pixels: must be from 0 to 255, got -3"):
        all_images(source, "all", (2, 2), type="float32")


@pytest.mark.parametrize("name", ["own.csv", "own.parquet", "own.csv.gz"])
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff\x00\n\x01", b"PAR1....PAR1", gzip.compress(b"label,a")[:15]],
    ids=["empty", "binary", "Parquet's frame", "half of a gzip file"],  # gzip notes the second in which it compresses
)
def test_a_damaged_file_is_one_line(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"own\.{name.partition('.')[2]}: ") as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_one_line(tmp_path):
    for name in ("own.csv", "own.csv.gz", "own.parquet"):
        with pytest.raises(InputError, match="no such file"):
            TableFile(tmp_path / name)


@pytest.fixture
def paths(tmp_path):
    (tmp_path / "own").mkdir()
    return as_paths(tmp_path / "own", *digits(320))


def test_pictures_lie_beside_the_table_that_names_them(paths, tmp_path):
    assert TABLE.find(paths, TABLE.Options()).options == {
        "label": "class",
        "image": "file",
        "table": {"train": "train.csv", "test": "test.csv"},
    }
    (paths / "test.csv").unlink()
    assert TABLE.find(paths, TABLE.Options()).options["table"] == {"train": "train.csv"}
    pack(paths, tmp_path / "own.zip")
    for path in (paths, tmp_path / "own.zip"):
        source = opened("table", path)
        assert np.array_equal(all_images(source, "all"), digits(300)[0])
        assert source.name("all", 2) == f"{path / 'train.csv'}: row 4: pictures/2.png"


def test_a_table_in_a_folder_inside_names_what_lies_beside_it(tmp_path):
    for number in range(2):
        write_picture(tmp_path / f"own/all/pictures/{number}.png", IMAGES[number])
    csv(tmp_path / "own/all", "file_name,label\npictures/0.png,a\n.\\pictures\\1.png,b\n", "metadata.csv")
    source = opened("table", tmp_path / "own")
    assert np.array_equal(all_images(source, "all"), IMAGES[:2])


def test_a_table_of_paths_alone_asks_for_the_folder(paths):
    with pytest.raises(
        InputError, match=r"train\.csv: column 'file' has paths of pictures; name the folder that holds"
    ):
        TABLE.find(paths / "train.csv", TABLE.Options())
    with pytest.raises(InputError, match="column 'file' has paths, and no pictures lie beside the table"):
        read(paths / "train.csv")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../secret.png", "must be a path inside the folder of the table, got '../secret.png'"),
        ("/etc/passwd", "must be a path inside the folder of the table, got '/etc/passwd'"),
        ("pictures/../../secret.png", "must be a path inside the folder"),
        ("pictures/999.png", "must be a picture that exists, got 'pictures/999.png'"),
        ("pictures/1.txt", "must be a picture's path, got 'pictures/1.txt'"),
    ],
)
def test_a_path_that_leads_to_no_picture_of_the_folder_is_named_by_its_row(path, message, paths):
    write_picture(paths.parent / "secret.png", IMAGES[0])
    csv(paths, f"file,class\npictures/0.png,a\n{path},b\n", "train.csv")
    (paths / "test.csv").unlink()
    with pytest.raises(InputError, match=rf"train\.csv: row 3: column 'file': {message}"):
        opened("table", paths)


def test_another_table_than_there_is_is_refused(paths):
    files = [Located(paths)]
    with pytest.raises(InputError, match=r"options\.table: must be one of \['test\.csv', 'train\.csv'\], got 'a\.csv'"):
        open_source("table", files, {"table": "a.csv"}, paths)
    FRAME.to_csv(paths / "pixels.csv")
    assert len(list(open_source("table", files, {"table": "pixels.csv"}, paths).images("all"))) == 60


def test_a_table_beside_class_folders_is_left_alone(tmp_path):
    for number in range(4):
        write_picture(tmp_path / f"own/{number % 2}/{number}.png", IMAGES[number])
    csv(tmp_path / "own", "image,label\n0/0.png,a\n", "extra.csv")
    assert find_format("folder").find(tmp_path / "own", find_format("folder").Options()) is not None


def test_a_table_of_something_else_is_refused_with_the_option_that_names_its_labels(tmp_path):
    csv(tmp_path, "a,b\n1,2\n")
    csv(tmp_path, "", "empty.csv")
    shutil.make_archive(tmp_path / "other", "zip", tmp_path)
    for path in (tmp_path, tmp_path / "other.zip"):
        with pytest.raises(InputError, match=r"own\.csv: must have a column of labels .*name it by `--option label="):
            TABLE.find(path, TABLE.Options())
    assert TABLE.find(tmp_path / "other.txt", TABLE.Options()) is None


def test_a_marker_of_utf_8_at_the_start_is_no_part_of_a_name(tmp_path):
    (tmp_path / "own.csv").write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n{ROW}\r\n0,1,2,3,4\r\n".encode())
    assert values(read(tmp_path / "own.csv")) == ["0", "1"]


def test_labels_of_any_script_stay_as_they_stand(tmp_path):
    names = ["猫", "قطة", "😀", "two words"]
    pd.DataFrame({"label": names, "p": range(4)}).to_csv(tmp_path / "own.csv", index=False)
    assert all_labels(opened("table", tmp_path / "own.csv"), "all") == names
