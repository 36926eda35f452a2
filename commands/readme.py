"""Write the comparison of the workspace into the README, and its figure beside it, so that neither is ever typed.

Reads:  reports/summary.md, reports/figures/gain.png
Writes: README.md, docs/gain.png
Run:    python -m commands.readme
"""

import shutil
from pathlib import Path

from hemline.errors import InputError, one_line_errors
from hemline.report.readme import rewrite


def main() -> None:
    """Rewrite the section."""
    with one_line_errors():
        try:
            lines = Path("reports/summary.md").read_text().splitlines()
            shutil.copy("reports/figures/gain.png", "docs/gain.png")
        except FileNotFoundError as error:
            raise InputError(f"{error.filename}: no such file; run `dvc repro`") from None
        table = "\n".join(line for line in lines if line.startswith("|"))
        verdict = next(line for line in lines if line.startswith("**"))
        changed = rewrite(Path("README.md"), "summary", f"{verdict}\n\n{table}")
        print("README.md: " + ("rewritten" if changed else "is up to date"))


if __name__ == "__main__":
    main()
