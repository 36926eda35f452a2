"""Write your own project: a new repository with the pipeline, your data set and one commit.

Reads:  the images; the last commit of this repository
Writes: a new folder
Run:    hemline new garments ~/garments
        hemline new garments ~/garments --at ../garments --remote s3://bucket/garments
"""

from pathlib import Path

from hemline.project.new import write_project
from hemline.terminal.arguments import option


@option("name", help="name of the project and its data set: small letters, digits and hyphens")
@option("data", type=Path, help="the images, as for `hemline describe`, whose options are accepted, too")
@option("--at", type=Path, help="the new folder (default: ../<name>)")
@option("--remote", help="DVC's remote: a folder, s3://bucket/folder, ssh://...")
@option("--tracking", help="the MLflow server or SQLite file")
def main(
    name: str, data: Path, *, at: Path | None, remote: str | None, tracking: str | None, others: list[str]
) -> None:
    """Write the project, and print what to do next."""
    folder = at or Path("..") / name
    write_project(name, data.expanduser(), folder.expanduser(), remote, tracking, others)
    print(f"Written: {folder}, with one commit. Next: cd {folder} && make")
