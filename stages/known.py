"""Say which data sets there are where params.yaml names another: DVC would say only that a file is missing.

All other stages depend on the description of the data set, whose name DVC puts into paths before it runs any of them.

Reads:  params.yaml (dataset), the names of data/*.yaml
Writes: .known, which says nothing but that there is such a data set
Run:    python -m stages.known
"""

from pathlib import Path
from typing import Any

from hemline.data.description import check_known
from hemline.dependencies.running import check_code_unchanged
from hemline.errors import InputError, one_line_errors
from hemline.processes.durations import timed
from hemline.repository import repository
from hemline.schema import read_yaml
from hemline.terminal.arguments import parser

KNOWN = Path(".known")


def main() -> None:
    """Check the name; the next stage checks the rest."""
    with one_line_errors(), timed():
        values = read_yaml(Path("params.yaml"))
        # Not from the command line: what is no name has not been refused yet, and a shell would read it.
        name = values.get("dataset") if isinstance(values, dict) else None
        try:
            check_known(name)
        except InputError as error:
            raise InputError(f"params.yaml: {error}; all results are as they were{_remedy(name)}") from None
        check_code_unchanged()
        KNOWN.write_text("known\n")


def _remedy(name: Any) -> str:
    if repository() == Path.cwd().resolve():
        return "; correct it, or `git checkout params.yaml`"
    # In a copy that DVC made for an experiment.
    if isinstance(name, str) and (repository() / "data" / f"{name}.yaml").exists():
        return f"; this copy has only what git knows: `git add data/{name}.yaml`, or queue it by `make queue`"
    return ""


if __name__ == "__main__":
    parser(__doc__, "python -m stages.known").parse_args()
    main()
