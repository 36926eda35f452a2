"""Run the pipeline with some parameters changed, as a DVC experiment: `make exp`, and MLproject's main entry point.

Run: python -m commands.experiment epochs=20 optimizer=
"""

import subprocess
import sys

from commands.queue import checked, combinations, overrides
from hemline.errors import one_line_errors
from hemline.processes.dvc import environment
from hemline.terminal.arguments import parser


def main() -> None:
    """Run `dvc exp run` with the parameters that have a value, or `dvc repro` where none has."""
    arguments = parser(__doc__, "python -m commands.experiment epochs=20 optimizer=")
    arguments.add_argument(
        "parameters", nargs="*", metavar="key=value", help="a key of params.yaml; no value: as there"
    )
    with one_line_errors():
        changes = changes_of(arguments.parse_args().parameters)
        for values in combinations(changes):  # a mistake ends here, before DVC changes params.yaml
            checked(values)
        sys.exit(subprocess.run(dvc_command(changes), check=False, env=environment()).returncode)


def changes_of(parameters: list[str]) -> list[str]:
    """Return those parameters that have a value; the others are left as params.yaml has them.

    Raises:
        InputError: a parameter is not of the form of ``commands.queue.overrides``.
    """
    return [parameter for parameter in overrides(parameters) if not parameter.endswith("=")]


def dvc_command(changes: list[str]) -> list[str]:
    """Return the DVC command that runs the pipeline with these parameters changed."""
    if not changes:
        return [sys.executable, "-m", "commands.repro"]
    return ["dvc", "exp", "run", *(option for change in changes for option in ("-S", change))]


if __name__ == "__main__":
    main()
