"""What can be said of parameters and a data set before an image is read."""

import copy
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split
from test_params import SOURCE, VALID

from hemline.data.description import IdxDataset
from hemline.errors import InputError
from hemline.jobs.agreement import check_agreement
from hemline.params import parse_params
from hemline.schema import parse


def dataset(images, classes=3):
    files = {
        f"{part}-{kind}": {"name": f"{part}-{kind}", "sha256": "0" * 64, "count": images}
        for part in ("train", "test")
        for kind in ("images", "labels")
    }
    about = {"name": "tiny", "title": "Tiny", "licence": "CC0", "homepage": "https://example.org", "sources": []}
    names = [f"class {label}" for label in range(classes)]
    return parse(IdxDataset, about | {"classes": names, "image_shape": [2, 2], "files": files}, Path("data/tiny.yaml"))


def params(share, **changes):
    values = copy.deepcopy(VALID) | {"batch_size": 1} | changes
    values["normalize"]["validation_split"] = share
    return parse_params(values, SOURCE)


@pytest.mark.parametrize("images", [4, 7, 60])
def test_batches_may_be_as_large_as_the_training_set_and_no_larger(images):
    training = images - math.ceil(0.5 * images)
    check_agreement(params(0.5, batch_size=training), dataset(images, classes=2))
    rule = rf"^params.yaml: batch_size: must be at most .* training images, {training}, got {training + 1} \(variant l"
    with pytest.raises(InputError, match=rule):
        check_agreement(params(0.5, batch_size=training + 1), dataset(images, classes=2))


def test_the_batches_of_a_single_variant_are_refused_by_its_name():
    variants = {"linear": {"hidden": []}, "dense-8": {"hidden": [8], "batch_size": 61}}
    with pytest.raises(InputError, match=r"got 61 \(variant dense-8\)$"):
        check_agreement(params(0.1, variants=variants), dataset(60))


@given(images=st.integers(4, 200), share=st.floats(0.001, 0.999), classes=st.integers(2, 4))
def test_a_share_that_the_split_would_refuse_is_refused_before(images, share, classes):
    labels = [number % classes for number in range(images)]
    try:
        train_test_split(labels, test_size=share, stratify=labels, random_state=0)
        possible = True
    except ValueError:
        possible = False
    # Of classes with a single image, only the labels tell.
    if possible or images < 2 * classes:
        return
    with pytest.raises(InputError, match=r"^params.yaml: normalize.validation_split: must leave images of every one"):
        check_agreement(params(share), dataset(images, classes))


@given(images=st.integers(10, 200), share=st.floats(0.3, 0.7), classes=st.integers(2, 3))
def test_a_share_that_leaves_enough_on_both_sides_is_accepted(images, share, classes):
    check_agreement(params(share), dataset(images, classes))


def test_without_a_validation_set_nothing_has_to_be_left_for_it():
    check_agreement(params(0), dataset(2))


@pytest.mark.parametrize("images", [40, 57, 60])
def test_of_a_share_of_the_training_images_the_batches_and_the_validation_set_are_taken(images):
    used = math.ceil(0.4 * images)
    training = used - math.ceil(0.25 * used)
    values = copy.deepcopy(VALID) | {"normalize": {"validation_split": 0.25, "train_share": 0.4}}
    check_agreement(parse_params(values | {"batch_size": training}, SOURCE), dataset(images))
    with pytest.raises(InputError, match=rf"batch_size: must be at most .* training images, {training}, got"):
        check_agreement(parse_params(values | {"batch_size": training + 1}, SOURCE), dataset(images))


@pytest.mark.parametrize("share", [0.02, 0.98])
def test_a_share_that_leaves_a_class_out_is_refused_by_its_key(share):
    values = copy.deepcopy(VALID) | {"normalize": {"train_share": share}, "batch_size": 1}
    with pytest.raises(InputError, match=rf"^params.yaml: normalize.train_share: must leave .* got {share}$"):
        check_agreement(parse_params(values, SOURCE), dataset(60))


@pytest.mark.parametrize(
    ("changes", "share", "reason"),
    [({}, 0, "normalize.validation_split is 0"), ({"seeds": [4]}, 0.1, "there is a single seed, so a single split")],
    ids=["nothing to draw", "one seed"],
)
def test_a_split_for_each_seed_is_refused_where_it_would_say_nothing(changes, share, reason):
    changed = params(share, **changes)
    per_seed = changed.model_copy(update={"normalize": changed.normalize.model_copy(update={"split": "per_seed"})})
    with pytest.raises(
        InputError, match=rf"^params.yaml: normalize.split: must be fixed where {reason}, got per_seed$"
    ):
        check_agreement(per_seed, dataset(60))
