"""The tree of a new project: a revision of Hemline without Hemline's own files, built by Git in an index of its own."""

import re
import subprocess
import tempfile
from pathlib import Path

from hemline.errors import InputError
from hemline.schema import read_yaml

ORIGIN = Path("hemline.yaml")
_LISTS = Path(__file__).parent
_REWRITTEN = ("Makefile", "docs/EXPERIMENTS.md", "docs/PIPELINE.md", "pyproject.toml")
# What of these is Hemline's own: what stands between two comments, the benchmarks, and pictures.
_OWN = re.compile(
    r"^#- Hemline only\n(?s:.*?)^#-\n|, \"benchmarks\"|\"benchmarks\", | : benchmarks|^!\[.*\n\n?", re.MULTILINE
)


class Origin:
    """The origin of a project's code: a clone or an address of Hemline, and a revision."""

    def __init__(self, source: str, revision: str) -> None:
        self.source, self.revision = source, revision

    @classmethod
    def read(cls) -> "Origin":
        """Return what ``hemline.yaml`` says.

        Raises:
            InputError: the file is missing or incomplete.
        """
        if not ORIGIN.exists():
            raise InputError(f"{ORIGIN}: is missing; only a project that `make new` has written can be upgraded")
        values = read_yaml(ORIGIN)
        if not isinstance(values, dict) or not {"source", "revision"} <= set(values):
            raise InputError(f"{ORIGIN}: must have the keys source and revision, got {values!r}")
        return cls(str(values["source"]), str(values["revision"]))

    def text(self) -> str:
        """Return the file's text."""
        return (
            "# The Hemline that this project's code is from; `make upgrade` takes over later changes.\n"
            f"source: {self.source!r}\nrevision: {self.revision!r}\n"
        )


def git(*arguments: str, index: Path | None = None, text: str = "") -> str:
    """Return what Git prints; a failure is an ``InputError`` that ends with Git's own words."""
    prefix = ["env", f"GIT_INDEX_FILE={index}"] if index else []
    done = subprocess.run([*prefix, "git", *arguments], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise InputError(f"git {arguments[0]}: failed, and said last: {said}")
    return done.stdout


def build_tree(origin: Origin, folder: Path | None = None) -> str:
    """Return a project's tree, of a revision that this repository has; write its files into ``folder``, if given."""
    kept = [f":!{path}" for path in _lines("kept.txt")]
    with tempfile.TemporaryDirectory() as temporary:
        index = Path(temporary) / "index"
        git("read-tree", origin.revision, index=index)
        git("rm", "-rfq", "--cached", "--ignore-unmatch", "--", *_lines("left_out.txt"), *kept, index=index)
        for path in _REWRITTEN:
            _add(index, path, _OWN.sub("", git("show", f"{origin.revision}:{path}")))
        _add(index, str(ORIGIN), origin.text())
        if folder:
            git("checkout-index", "--all", f"--prefix={folder.resolve()}/", index=index)
        return git("write-tree", index=index).strip()


def _add(index: Path, path: str, content: str) -> None:
    blob = git("hash-object", "-w", "--stdin", text=content).strip()
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", index=index)


def _lines(name: str) -> list[str]:
    lines = (_LISTS / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]
