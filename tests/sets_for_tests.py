"""Normalized sets out of arrays in memory."""

import numpy as np

from hemline.data.labels import Labels
from hemline.data.normalized import About, Labelled, Normalized
from hemline.data.pixels import BYTES
from hemline.data.scaling import scale, to_raw
from hemline.data.splits import choose


def write_sets(sets, classes, divisor, pixels=None, folder=None):
    """Write sets of scaled images as the normalize stage does, raw."""
    about = (
        About(classes=classes, scale=divisor)
        if pixels is None
        else About(classes=classes, scale=divisor, pixels=pixels)
    )
    Normalized(folder).write(
        {name: (name, np.arange(len(each.labels))) for name, each in sets.items()},
        {name: each.labels for name, each in sets.items()},
        lambda name: iter([to_raw(sets[name].images, divisor, pixels or BYTES)]),
        next(iter(sets.values())).images.shape[1:],
        about,
    )


def split(train, test, *, divisor=1, **options):
    """Return the sets of raw (images, labels) of training and test."""
    parts = {"train": train, "test": test}
    chosen = choose({part: Labels(labels, []) for part, (_, labels) in parts.items()}, **options)
    return {
        name: Labelled(scale(parts[part][0][indices], divisor), parts[part][1][indices])
        for name, (part, indices) in chosen.items()
    }
