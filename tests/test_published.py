"""The files that a public project has agree with the project."""

import json
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def read(name):
    return YAML(typ="safe", pure=True).load(ROOT / name)


def test_the_citation_has_what_its_format_requires_and_the_project_s_version_licence_and_authors():
    cited = read("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert set(cited) <= {
        "cff-version",
        "message",
        "title",
        "authors",
        "type",
        "abstract",
        "version",
        "license",
        "keywords",
    }
    assert (cited["version"], cited["license"]) == (PROJECT["version"], PROJECT["license"])
    assert all(author["name"] in (ROOT / "LICENSE").read_text() for author in cited["authors"])


def test_the_changelog_begins_with_the_project_s_version():
    titles = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert titles[0].split()[1] == PROJECT["version"]


def test_a_commit_is_checked_by_make_lint_and_a_push_by_the_gate():
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    assert [hook["entry"] for hook in repository["hooks"]] == ["make lint"]
    steps = read(".github/workflows/ci.yml")["jobs"]["gate"]["steps"]
    assert ".ci/run" in [step.get("run") for step in steps]


@pytest.mark.parametrize("form", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.stem)
def test_an_issue_form_has_a_name_a_description_and_fields_with_labels(form):
    content = read(form)
    assert {"name", "description", "body"} <= set(content)
    ids = [field["id"] for field in content["body"]]
    assert len(set(ids)) == len(ids)
    assert all(field["attributes"]["label"] for field in content["body"])


def test_the_dev_container_is_built_from_the_dockerfile_which_sets_up_as_the_makefile_does():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    dockerfile = ROOT / ".devcontainer" / container["build"]["dockerfile"]
    assert "\nRUN make setup\n" in dockerfile.read_text()
    assert f"--uid 1000 {container['remoteUser']}" in dockerfile.read_text()
