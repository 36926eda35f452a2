"""Scale the pixels, and split a validation set off the training set.

Reads:  params.yaml (dataset, normalize), data/<dataset>.yaml, data/raw/
Writes: data/normalized/, images and labels of train, validation and test as .npy
Run:    python -m stages.normalize
"""

from pathlib import Path

from hemline.dataset import load_dataset, read_raw
from hemline.errors import one_line_errors
from hemline.params import load_params
from hemline.splits import split, write_split


def main() -> None:
    """Turn data/raw into data/normalized."""
    with one_line_errors():
        params = load_params()
        raw = read_raw(load_dataset(params.dataset))
        for name, labelled in split(raw, params.normalize).items():
            write_split(name, labelled, Path("data/normalized"))
            print(f"{name}: {len(labelled.labels)} images, pixels divided by {params.normalize.scale:g}")


if __name__ == "__main__":
    main()
