"""What the README, docs/ and MLproject promise exists."""

import ast
import contextlib
import functools
import io
import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import docs_for_tests as docs
import pytest
from dvc.cli.parser import get_main_parser
from markdown.extensions.toc import slugify

from commands.experiment import changes_of, dvc_command
from hemline.__main__ import commands
from hemline.errors import InputError
from hemline.params import load_params, read_yaml
from tools import stages

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PIPELINE = (ROOT / "docs/PIPELINE.md").read_text()
DOCS = "\n".join(page.read_text() for page in docs.PAGES)
SHELL = "\n".join(
    block for page in docs.PAGES for language in ("sh", "console") for block in docs.blocks(page, language)
)
TARGETS = set(re.findall(r"^([a-z][a-z-]*):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def known_keys():
    params = read_yaml(ROOT / "params.yaml")
    return set(params) | {f"{group}.{key}" for group in ("normalize", "tuning") for key in params[group]}


def test_every_make_command_of_the_readme_and_of_docs_is_a_target():
    mentioned = set(re.findall(r"`make ([a-z][a-z-]*)", DOCS))
    lines = re.findall(r"^(?:\$ )?make((?: [a-z][a-z-]*\b(?!=))+)", SHELL, re.MULTILINE)
    mentioned |= {target for line in lines for target in line.split()}
    assert {"test", "docs", "serve"} <= mentioned
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
    phony = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {target for line in phony for target in line.split()} == TARGETS


def test_every_module_run_with_python_exists():
    text = DOCS + (ROOT / "Makefile").read_text() + (ROOT / "MLproject").read_text() + (ROOT / "dvc.yaml").read_text()
    modules = set(re.findall(r"python -m ([a-z]+\.[a-z_]+)", text))
    assert modules
    assert all((ROOT / f"{module.replace('.', '/')}.py").exists() for module in modules)


def test_every_command_of_hemline_in_the_docs_and_in_the_makefile_exists():
    text = DOCS + (ROOT / "Makefile").read_text() + (ROOT / "MLproject").read_text()
    called = set(re.findall(r"(?:`|\$ |^|@|; |-m )hemline ([a-z][a-z-]*)\b", text, re.MULTILINE))
    assert "describe" in called
    assert called <= set(commands())


def tree():
    """Return the places of the tree in docs/PIPELINE.md, by the folder that they are in: "" for the top."""
    places = {"": [], "hemline": []}
    for line in PIPELINE.split("```text\n")[1].split("```")[0].splitlines():
        folder = "hemline" if line.startswith("  ") else ""
        # Before the words: one place, or two on a line.
        places[folder] += line[:20].split() if line[:20].strip() else []
    return places


def test_the_tree_has_every_room_and_every_file_and_folder_at_the_top():
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


@pytest.mark.parametrize("package", sorted(path.parent.name for path in (ROOT / "hemline").glob("*/__init__.py")))
def test_the_tree_describes_a_package_as_its_docstring_does(package):
    (line,) = re.findall(rf"^  {package}/ +(.+)$", PIPELINE, re.MULTILINE)
    doc = ast.get_docstring(ast.parse((ROOT / "hemline" / package / "__init__.py").read_text()))
    summary = re.split(r"\.(\s|$)", doc.replace("\n", " "))[0]
    # The docstring's sentence may be longer.
    beginning = line.partition(";")[0]
    assert words(summary)[: len(words(beginning))] == words(beginning)


def words(text):
    return re.findall(r"\w+", text.lower())


def anchors(page):
    """Return the anchors of a page's headings, as GitHub and the site make them."""
    return {slugify(title, "-") for title in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)}


def prose(page):
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", docs.PAGES, ids=[page.name for page in docs.PAGES])
def test_every_link_has_its_target(page):
    links = [link for link in re.findall(r"\]\(([^)]+)\)", prose(page)) if "://" not in link]
    missing = []
    for link in links:
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            missing.append(link)
    assert missing == []


def test_every_file_that_the_readme_or_docs_name_exists():
    named = set(re.findall(r"`((?:hemline|stages|commands|tests|tools|benchmarks|docs)/[\w/.-]+)`", DOCS))
    named |= set(re.findall(r"`([\w-]+\.(?:py|toml|lock|md))`", DOCS))
    assert named
    made = set(re.findall(r"^--- /dev/null\n\+\+\+ b/(.+)$", DOCS, re.MULTILINE))  # by a recipe
    places = {path.name for folder in ("", "hemline/claims", "commands") for path in (ROOT / folder).iterdir()}
    missing = {name for name in named - made if not (ROOT / name).exists() and name not in places}
    assert missing == set()


def test_the_readme_is_read_in_three_minutes_and_leads_to_every_page():
    assert len(README) <= 6000
    linked = set(re.findall(r"\]\(docs/([A-Z-]+\.md)", README))
    assert linked == {page.name for page in docs.PAGES} - {"README.md"}


def test_every_page_begins_with_a_short_summary_and_is_listed_in_the_site_and_in_its_overview():
    overview = (ROOT / "docs/README.md").read_text()
    (site,) = re.findall(r"^nav:\n(.*)", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE | re.DOTALL)
    for page in docs.PAGES[1:]:
        assert re.search(rf"^ +- {page.name}$|^  - {page.name}$", site, re.MULTILINE), page.name
        if page.name != "README.md":
            title, summary = page.read_text().split("\n\n")[:2]
            assert title.startswith("# "), page.name
            assert summary[0].isupper(), page.name
            assert len(summary.split()) <= 80, page.name
            assert f"]({page.name})" in overview


def test_the_diagram_is_that_of_dvc_s_stages(tmp_path):
    printed = subprocess.run(
        [sys.executable, "-m", "dvc", "dag", "--mermaid"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    graph = stages.stages(printed)
    assert f"```mermaid\n{stages.mermaid(graph, {'train', 'tune'})}\n```" in README
    stages.draw(graph, {"train", "tune"}, tmp_path / "stages.svg")
    # Libraries of other versions draw other lines; what is read is the same.
    drawn = words_of(tmp_path / "stages.svg")
    assert {"known", "report"} <= set(drawn)
    assert drawn == words_of(ROOT / "docs/stages.svg")


def words_of(picture):
    return re.findall(r">([^<>]+)</t(?:ext|span)>", picture.read_text())


def test_a_diagram_leaves_out_what_is_needed_by_way_of_another_stage():
    printed = """flowchart TD
\tnode1["get"]
\tnode2["train@a"]
\tnode3["train@b"]
\tnode4["tell"]
\tnode1-->node2
\tnode1-->node3
\tnode1-->node4
\tnode2-->node4
\tnode3-->node4
"""
    assert stages.mermaid(stages.stages(printed), {"train"}).splitlines() == [
        "flowchart LR",
        '    train[["train: each variant"]]',
        "    get --> train",
        "    train --> tell",
    ]


def test_every_command_of_dvc_and_mlflow_is_one_of_theirs():
    deep = {"cache", "exp", "queue", "remote", "params", "metrics", "plots"}
    lines = set(re.findall(r"^(?:\$ )?((?:dvc|mlflow) .+)$", SHELL.replace("\\\n", " "), re.MULTILINE))
    assert len(lines) > 30
    for line in lines:
        program, *words = shlex.split(line, comments=True)
        verbs = list(itertools.takewhile(lambda word: re.fullmatch("[a-z]+", word), words))
        options = set(re.findall(r"(?:^| )(--[a-z-]+)", line.partition("#")[0]))
        depth = 2 if program == "dvc" and verbs[0] in deep else 1
        assert options <= set(re.findall(r"--[a-z-]+", told_by(program, *verbs[:depth]))), line


@functools.cache
def told_by(program, *verbs):
    """Return what a command answers to `--help`; DVC is asked here, as it takes a second to start."""
    if program == "mlflow":
        command = [sys.executable, "-m", "mlflow", *verbs, "--help"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with contextlib.redirect_stdout(io.StringIO()) as told, pytest.raises(SystemExit, match=r"^0$"):
        get_main_parser().parse_args([*verbs, "--help"])
    return told.getvalue()


def test_parameters_set_in_the_docs_are_keys_of_params_yaml():
    keys = set(re.findall(r"-S '?([a-z_.-]+[a-z\d])=", re.sub(r"-S epoch=20|-S (weight_decay)=", "", DOCS)))
    variants = {key.split(".")[1] for key in keys if key.startswith("variants.")}
    assert variants <= set(load_params(ROOT / "params.yaml").variants)
    assert {key for key in keys if not key.startswith("variants.")} <= known_keys()


def test_every_stage_of_dvc_is_in_the_table_in_order():
    stages = list(read_yaml(ROOT / "dvc.yaml")["stages"])
    rows = re.findall(r"^\| `([a-z]+)", PIPELINE, re.MULTILINE)
    assert rows[: len(stages)] == stages


def test_every_parameter_of_mlproject_is_a_key_of_params_yaml():
    entry = read_yaml(ROOT / "MLproject")["entry_points"]["main"]
    assignments = dict(re.findall(r"([a-z_.\d]+)=\{([a-z_\d]+)\}", entry["command"]))
    assert set(assignments.values()) == set(entry["parameters"])
    assert set(assignments) <= known_keys()


def test_mlproject_has_an_entry_point_for_every_stage():
    assert set(read_yaml(ROOT / "dvc.yaml")["stages"]) <= set(read_yaml(ROOT / "MLproject")["entry_points"])


def test_parameters_without_a_value_are_left_as_they_are():
    assert dvc_command(changes_of(["epochs=20", "optimizer="])) == ["dvc", "exp", "run", "-S", "epochs=20"]
    assert dvc_command(changes_of(["epochs="]))[1:] == ["-m", "hemline", "repro"]
    with pytest.raises(InputError, match=r"or ~variants.name, got 'epochs'"):
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
    texts.pop("Dockerfile", None)  # it says where its own container keeps the repository
    here = {f"{folder}/" for folder in (ROOT, Path.home(), Path(sys.prefix)) if len(folder.parts) > 1}
    assert [(name, path) for name, text in texts.items() for path in here if path in text] == []


def test_every_picture_that_is_shown_exists_and_every_one_of_docs_is_shown():
    shown = {
        (page.parent / name).resolve()
        for page in docs.PAGES
        for name in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text())
    }
    assert {path for path in shown if not path.is_file()} == set()
    assert {*(ROOT / "docs").glob("*.png"), *(ROOT / "docs").glob("*.svg")} <= shown
