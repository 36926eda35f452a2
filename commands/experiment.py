"""Run the pipeline with some parameters changed, as a DVC experiment: what MLproject's main entry point calls.

Run: python -m commands.experiment epochs=20 optimizer=
"""

import argparse
import subprocess
import sys

from hemline.errors import InputError, one_line_errors


def main() -> None:
    """Run `dvc exp run` with the parameters that have a value, or `dvc repro` where none has."""
    parser = argparse.ArgumentParser(description="Run the pipeline with some parameters changed.")
    parser.add_argument("parameters", nargs="*", metavar="key=value", help="a key of params.yaml; no value: as there")
    with one_line_errors():
        command = dvc_command(parser.parse_args().parameters)
        sys.exit(subprocess.run(command, check=False).returncode)


def dvc_command(parameters: list[str]) -> list[str]:
    """Return the DVC command for ``key=value`` parameters; those without a value are left as params.yaml has them.

    Raises:
        InputError: a parameter is not of that form.
    """
    for parameter in parameters:
        if "=" not in parameter:
            raise InputError(f"parameters: must be key=value, got {parameter!r}")
    changes = [parameter for parameter in parameters if not parameter.endswith("=")]
    if not changes:
        return ["dvc", "repro"]
    return ["dvc", "exp", "run", *(option for change in changes for option in ("-S", change))]


if __name__ == "__main__":
    main()
