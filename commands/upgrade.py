"""Merge later changes of Hemline, into a project that `make new` has written.

Reads:  hemline.yaml, and the clone or address that it names
Writes: a commit
Run:    hemline upgrade
        hemline upgrade --source ../hemline
"""

from hemline.project.upgrade import upgrade
from hemline.terminal.arguments import option


@option("--source", help="a clone or an address of Hemline (default: that of hemline.yaml)")
def main(source: str | None) -> None:
    """Upgrade, and print what changed."""
    print(upgrade(source))
