"""Commits in a Git repository of a test's own, in the current folder."""

import os
import subprocess
from pathlib import Path


def git(*arguments):
    """Run Git as somebody, whatever the machine's settings, and return what it prints."""
    identity = {f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(["git", *arguments], env=os.environ | identity, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(files=None):
    """Write texts into files, by their names; commit all that is there, and return the revision."""
    for name, text in (files or {}).items():
        Path(name).write_text(text)
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty", "--message", "x")
    return git("rev-parse", "HEAD")
