"""The README of a new project, from its settings and its data set."""

from hemline.data.description import CollectedDataset, Dataset
from hemline.params import Params
from hemline.words import listed


def readme(params: Params, dataset: Dataset, tracking: str | None) -> str:
    """Return the text, in Markdown; `make readme` later writes the results between its markers."""
    others = [name for name in params.variants if name != params.baseline]
    tracked = f"the runs are on `{tracking}`" if tracking else "the runs are in `mlflow.db`"
    return f"""# {dataset.title}

Does a network really beat the baseline `{params.baseline}` on this image data set, and by how much?

```sh
make             # set up, train, compare, report; prints the answer and writes reports/index.html
make readme      # writes the answer into this file
make test        # the tests
```

You need Python 3.11, 3.12 or 3.13, make and git. `make help` lists all commands.

## Results

<!-- summary:begin -->

None yet: run `make`, then `make readme`.

<!-- summary:end -->

## Data

{_data(dataset)}
[`data/{dataset.name}.yaml`](data/{dataset.name}.yaml) describes the files, with
their checksums. They are not in Git: `data/manual/{dataset.name}` is a link to them, which each clone needs.

## Settings

[`params.yaml`](params.yaml) has all settings. {listed(others)} {"are" if len(others) > 1 else "is"} compared
with `{params.baseline}`, by {len(params.seeds)} trainings each; {tracked}.

After `make`, commit the results: `git add dvc.lock reports/metrics.json README.md docs/gain.png`.

## More

- [Experiments](docs/EXPERIMENTS.md), [model families](docs/FAMILIES.md), [serving](docs/SERVING.md),
  [when something goes wrong](docs/TROUBLESHOOTING.md)
- [How the comparison works](docs/COMPARISON.md), [stages and files](docs/PIPELINE.md)
- `hemline.yaml` names the Hemline that the code is from, and `make upgrade` takes over its later changes. Its
  licence is [MIT](LICENSE).
"""


def _data(dataset: Dataset) -> str:
    size = " x ".join(map(str, dataset.image_shape))
    classes = f"{len(dataset.classes)} classes" + (f": {listed(dataset.classes)}" if len(dataset.classes) <= 12 else "")  # noqa: PLR2004 - a line
    counts = dataset.class_counts if isinstance(dataset, CollectedDataset) else {}
    images = f"{sum(map(sum, counts.values())):,} images" if counts else "Images"
    return f"{images} of {size} pixels in {classes}."
