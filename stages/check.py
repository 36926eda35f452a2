"""Refuse mistakes in params.yaml and in the data set's description, before DVC removes anything.

DVC removes what a stage is to write before it runs the stage; all others depend on this one, whose output is always
the same: it stops them, and a valid change runs only those that it touches.

Reads:  params.yaml, data/<dataset>.yaml
Writes: .checked, which says nothing but that they are valid; .inputs/<variant>.json, what else determines a variant's
        models: the digests of the user's own modules, versions of libraries of its family;
        .inputs/_tune-<variant>.json, the search of its settings; .inputs/_solve.json, whether the stage solve has
        anything to do; .inputs/_splits.json, the seeds that have splits of their own
Run:    python -m stages.check
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hemline.data.description import CollectedDataset, Dataset, load_dataset
from hemline.dependencies.running import check_code_unchanged
from hemline.errors import InputError, one_line_errors
from hemline.jobs.agreement import check_agreement
from hemline.params import INPUTS, Params, load_params
from hemline.processes.durations import timed
from hemline.processes.dvc import refuse_copy_of_shallow_clone, warn_of_relative_remotes
from hemline.repository import repository
from hemline.terminal.arguments import parser
from hemline.tuning.inputs import stage_inputs

CHECKED = Path(".checked")


def main() -> None:
    """Check the parameters, the description, and that they agree."""
    with one_line_errors(), timed():
        # In a copy that DVC made for an experiment, params.yaml is the experiment's own.
        here = repository() == Path.cwd().resolve()
        refuse_copy_of_shallow_clone()
        warn_of_relative_remotes(repository())
        back = "; correct it, or `git checkout params.yaml`" if here else ""
        with _results_kept(back):
            params = load_params(chosen=False)
        with _results_kept():
            dataset = load_dataset(params.dataset)
            _check_format(dataset)
        with _results_kept(back):
            check_agreement(params, dataset)
            _check_metric(params)
            _write_inputs(params)
        check_code_unchanged()
        CHECKED.write_text("valid\n")


def _write_inputs(params: Params) -> None:
    INPUTS.mkdir(exist_ok=True)
    for path, content in stage_inputs(params).items():
        path.write_text(content)


def _check_format(dataset: Dataset) -> None:
    if isinstance(dataset, CollectedDataset):
        from hemline.formats.format import parse_options  # noqa: PLC0415 - imports NumPy, for these data sets only

        parse_options(dataset.format, dataset.options, Path(f"data/{dataset.name}.yaml"))


def _check_metric(params: Params) -> None:
    if params.metric != Params.model_fields["metric"].default:
        from hemline.comparison.metrics import find_metric  # noqa: PLC0415 - imports NumPy, for other metrics only

        find_metric(params.metric)


@contextmanager
def _results_kept(remedy: str = "") -> Iterator[None]:
    """Add to an error what happened to the results."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{error}; all results are as they were{remedy}") from None


if __name__ == "__main__":
    parser(__doc__, "python -m stages.check").parse_args()
    main()
