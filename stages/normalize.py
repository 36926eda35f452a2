"""Scale the pixels, and split a validation set off the training set.

Reads:  params.yaml (dataset, normalize), data/<dataset>.yaml, data/raw/
Writes: data/normalized/, images and labels of train, validation and test as .npy
Run:    python -m stages.normalize
"""

from hemline.data.description import load_dataset
from hemline.data.normalized import Normalized
from hemline.data.raw import read_raw
from hemline.data.splits import split
from hemline.errors import one_line_errors
from hemline.params import load_params
from hemline.processes.leftovers import keep_temporary_files_apart


def main() -> None:
    """Turn data/raw into data/normalized."""
    with one_line_errors():
        keep_temporary_files_apart()
        params = load_params()
        dataset, scale = load_dataset(params.dataset), params.normalize.scale
        sets = split(
            read_raw(dataset),
            divisor=scale,
            validation_split=params.normalize.validation_split,
            train_share=params.normalize.train_share,
        )
        Normalized().write(sets, dataset.classes, scale)
        for name, labelled in sets.items():
            print(f"{name}: {len(labelled.labels)} images, pixels divided by {scale:g}")


if __name__ == "__main__":
    main()
