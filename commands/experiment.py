"""Run the pipeline with some parameters changed, as a DVC experiment: `make exp`, and MLproject's main entry point.

Run: hemline experiment epochs=20 optimizer=
"""

import subprocess
import sys

from commands.queue import checked, combinations, overrides
from hemline.processes.dvc import environment
from hemline.terminal.arguments import option
from hemline.tracking.published import publish_restored


@option("parameters", nargs="*", metavar="key=value", help="a key of params.yaml; no value: as there")
def main(parameters: list[str]) -> None:
    """Run `dvc exp run` with the parameters that have a value, or `dvc repro` where none has."""
    changes = changes_of(parameters)
    for values in combinations(changes):  # a mistake ends here, before DVC changes params.yaml
        checked(values)
    if status := subprocess.run(dvc_command(changes), check=False, env=environment()).returncode:
        sys.exit(status)
    publish_restored()


def changes_of(parameters: list[str]) -> list[str]:
    """Return those parameters that have a value; the others are left as params.yaml has them.

    Raises:
        InputError: a parameter is not of the form of ``commands.queue.overrides``.
    """
    return [parameter for parameter in overrides(parameters) if not parameter.endswith("=")]


def dvc_command(changes: list[str]) -> list[str]:
    """Return the DVC command that runs the pipeline with these parameters changed."""
    if not changes:
        return [sys.executable, "-m", "hemline", "repro"]
    return ["dvc", "exp", "run", *(option for change in changes for option in ("-S", change))]
