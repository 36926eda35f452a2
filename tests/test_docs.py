"""What the README and MLproject promise exists."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from commands.experiment import changes_of, dvc_command
from hemline.errors import InputError
from hemline.params import load_params, read_yaml

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TARGETS = set(re.findall(r"^([a-z][a-z-]*):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def known_keys():
    params = read_yaml(ROOT / "params.yaml")
    return set(params) | {f"normalize.{key}" for key in params["normalize"]}


def test_every_make_command_of_the_readme_is_a_target():
    mentioned = set(re.findall(r"`make ([a-z][a-z-]*)", README)) | set(
        re.findall(r"^make ([a-z][a-z-]*)", README, re.MULTILINE)
    )
    assert "test" in mentioned
    assert mentioned <= TARGETS


def help_of_make():
    done = subprocess.run(["make", "--silent", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def test_make_help_lists_every_target_once_in_one_line_of_a_group():
    groups = [group.splitlines() for group in help_of_make().rstrip().split("\n\n")]
    assert len(groups) > 5
    assert all(re.fullmatch(r"[A-Z].*", title) and listed for title, *listed in groups)
    lines = [line for _, *listed in groups for line in listed]
    assert all(re.fullmatch(r"  make [a-z-]+ +\S.*", line) and len(line) < 80 for line in lines)
    assert sorted(line.split()[1] for line in lines) == sorted(TARGETS)


def test_every_target_that_is_a_command_is_told():
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == TARGETS


def test_every_module_run_with_python_exists():
    text = README + (ROOT / "Makefile").read_text() + (ROOT / "MLproject").read_text() + (ROOT / "dvc.yaml").read_text()
    modules = set(re.findall(r"python -m ([a-z]+\.[a-z_]+)", text))
    assert modules
    assert all((ROOT / f"{module.replace('.', '/')}.py").exists() for module in modules)


def tree():
    """Return the places of the README's tree, by the folder that they are in: "" for the top."""
    places = {"": [], "hemline": []}
    for line in README.split("```text\n")[1].split("```")[0].splitlines():
        folder = "hemline" if line.startswith("  ") else ""
        # Before the words: one place, or two on a line.
        places[folder] += line[:20].split() if line[:20].strip() else []
    return places


def test_the_tree_of_the_readme_has_every_room_and_every_file_and_folder_at_the_top():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = {"": set(), "hemline": set()}
    for name in listed.splitlines():
        first, *rest = name.split("/")
        found[""].add(f"{first}/" if rest else first)
        if first == "hemline" and len(rest) > 1:
            found["hemline"].add(f"{rest[0]}/")
    # Hidden ones are those of tools; three are known by their names; results that are not versioned have no place yet.
    told = found[""] - {name for name in found[""] if name.startswith(".")} - {"README.md", "LICENSE", "CHANGELOG.md"}
    assert set(tree()[""]) == (told - {"dvc.lock"}) | {"models/"}
    assert set(tree()["hemline"]) == found["hemline"]


@pytest.mark.parametrize("room", sorted(path.parent.name for path in (ROOT / "hemline").glob("*/__init__.py")))
def test_the_tree_describes_a_room_as_the_room_does(room):
    (line,) = re.findall(rf"^  {room}/ +(.+)$", README, re.MULTILINE)
    doc = ast.get_docstring(ast.parse((ROOT / "hemline" / room / "__init__.py").read_text()))
    summary = re.split(r"\.(\s|$)", doc.replace("\n", " "))[0]
    # The room's own sentence may go on.
    beginning = line.partition(";")[0]
    assert words(summary)[: len(words(beginning))] == words(beginning)


def words(text):
    return re.findall(r"\w+", text.lower())


def test_every_link_of_the_readme_and_of_docs_has_its_target():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
        assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_every_module_that_the_readme_or_docs_name_exists():
    pages = "\n".join([README, *(page.read_text() for page in (ROOT / "docs").glob("*.md"))])
    named = set(re.findall(r"`((?:hemline|stages|commands|tests|benchmarks)/[\w/.]+)`", pages))
    assert named
    made = set(re.findall(r"^--- /dev/null\n\+\+\+ b/(.+)$", pages, re.MULTILINE))  # by a recipe
    assert {name for name in named - made if not (ROOT / name).exists()} == set()


def test_parameters_set_in_the_readme_are_keys_of_params_yaml():
    keys = set(re.findall(r"-S '?([a-z_.-]+)=", README))
    variants = {key.split(".")[1] for key in keys if key.startswith("variants.")}
    assert variants <= set(load_params(ROOT / "params.yaml").variants)
    assert {key for key in keys if not key.startswith("variants.")} <= known_keys()


def test_every_stage_of_dvc_is_in_the_readme_in_order():
    stages = list(read_yaml(ROOT / "dvc.yaml")["stages"])
    rows = re.findall(r"^\| `([a-z]+)", README, re.MULTILINE)
    assert rows[: len(stages)] == stages


def test_every_parameter_of_mlproject_is_a_key_of_params_yaml():
    entry = read_yaml(ROOT / "MLproject")["entry_points"]["main"]
    assignments = dict(re.findall(r"([a-z_.]+)=\{([a-z_]+)\}", entry["command"]))
    assert set(assignments.values()) == set(entry["parameters"])
    assert set(assignments) <= known_keys()


def test_mlproject_has_an_entry_point_for_every_stage():
    assert set(read_yaml(ROOT / "dvc.yaml")["stages"]) <= set(read_yaml(ROOT / "MLproject")["entry_points"])


def test_parameters_without_a_value_are_left_as_they_are():
    assert dvc_command(changes_of(["epochs=20", "optimizer="])) == ["dvc", "exp", "run", "-S", "epochs=20"]
    assert dvc_command(changes_of(["epochs="])) == ["dvc", "repro"]
    with pytest.raises(InputError, match="key=value, got 'epochs'"):
        changes_of(["epochs"])


def tracked_texts():
    """Return every text file of the repository by name, as Git has them."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in listed.splitlines() if not name.endswith((".png", ".npz"))]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths if path.exists()}


def test_the_lock_file_names_no_index_which_would_work_on_one_machine_only():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "--index" not in lock


def test_no_file_holds_a_path_of_this_machine():
    texts = tracked_texts()
    assert len(texts) > 100
    here = {f"{folder}/" for folder in (ROOT, Path.home(), Path(sys.prefix)) if len(folder.parts) > 1}
    assert [(name, path) for name, text in texts.items() for path in here if path in text] == []


def test_every_picture_that_is_shown_exists_and_every_picture_of_docs_is_shown():
    shown = set()
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        names = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text())
        shown |= {(page.parent / name).resolve() for name in names}
    assert all(picture.is_file() for picture in shown)
    assert {*(ROOT / "docs").glob("*.png"), *(ROOT / "docs").glob("*.svg")} <= shown
