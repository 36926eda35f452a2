"""Holds dvc.yaml against the code: what a stage depends on is what it imports and reads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hemline.params import Params, Training, load_params

REPOSITORY = Path(__file__).parent.parent
# It only observes: no result depends on it.
OBSERVER = "hemline/tracking"
DVC = YAML(typ="safe", pure=True).load(REPOSITORY / "dvc.yaml")["stages"]
STAGES = {name: stage.get("do", stage) for name, stage in DVC.items()}
# Files that a module reads without importing them.
READ_BY = {"hemline/report.py": "hemline/templates"}


def file_of(module):
    """Return the repository's file of a dotted name, or None for what is not the repository's."""
    path = Path(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if (REPOSITORY / candidate).is_file():
            return candidate.as_posix()
    return None


def imports(file):
    """Return the repository's files that ``file`` imports, at its top or in a function."""
    names = set()
    for node in ast.walk(ast.parse((REPOSITORY / file).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import, which this test does not follow"
            # `from hemline import gallery` names a module, `from hemline.report.gallery import draw` one of its functions.
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {found for name in names if (found := file_of(name))}


def needed(file):
    """Return all files of the repository that ``file`` needs, itself among them; packages' docstrings are none."""
    found, waiting = set(), [file]
    while waiting:
        each = waiting.pop()
        if each not in found and not each.startswith(OBSERVER):
            found.add(each)
            waiting += imports(each)
    return {each for each in found if not each.endswith("__init__.py")}


@pytest.fixture(params=STAGES)
def stage(request):
    return request.param


def test_the_stages_are_the_files_of_the_folder_in_the_order_of_their_work():
    assert list(STAGES) == ["download", "normalize", "train", "evaluate", "report"]
    assert set(STAGES) == {path.stem for path in (REPOSITORY / "stages").glob("[!_]*.py")}


def test_a_stage_runs_the_module_of_its_name(stage):
    assert STAGES[stage]["cmd"].split()[:3] == ["python", "-m", f"stages.{stage}"]


def test_dependencies_are_exactly_the_modules_that_a_stage_imports(stage):
    modules = needed(f"stages/{stage}.py")
    expected = modules | {READ_BY[module] for module in modules if module in READ_BY}
    listed = {path for path in STAGES[stage]["deps"] if path.startswith(("hemline/", "stages/"))}
    assert listed == expected


def test_no_stage_depends_on_what_only_observes(stage):
    assert not [path for path in STAGES[stage]["deps"] if path.startswith(OBSERVER)]


def test_the_walk_follows_imports_inside_functions_and_of_modules_from_a_package():
    assert "hemline/trainer.py" in needed("stages/train.py")
    assert "hemline/optimizers.py" in needed("stages/train.py")
    assert "hemline/gallery.py" in needed("stages/report.py")


def test_packages_have_a_docstring_and_nothing_else_so_that_no_stage_depends_on_them():
    for package in ("hemline", "stages", "commands"):
        tree = ast.parse((REPOSITORY / package / "__init__.py").read_text())
        assert ast.get_docstring(tree)
        assert len(tree.body) == 1


def test_the_list_of_files_read_without_an_import_is_complete():
    others = {path.relative_to(REPOSITORY).parts[1] for path in (REPOSITORY / "hemline").rglob("*.*") if is_data(path)}
    no_stage_imports = {"hemline/claims"}
    assert {f"hemline/{name}" for name in others} - no_stage_imports == set(READ_BY.values())


def is_data(path):
    return path.is_file() and path.suffix not in {".py", ".pyc"}


def test_a_stage_depends_on_what_earlier_ones_write(stage):
    outs = {"download": "data/raw", "normalize": "data/normalized", "train": "models", "evaluate": "reports/evaluation"}
    reads = {
        "download": set(),
        "normalize": {"data/raw"},
        "train": {"data/normalized"},
        "evaluate": {"data/normalized", "models"},
        "report": {"data/normalized", "models", "reports/evaluation"},
    }
    assert {path for path in STAGES[stage]["deps"] if path in outs.values()} == reads[stage]
    if stage in outs:
        assert STAGES[stage]["outs"][0].startswith(outs[stage])


def test_the_description_of_the_data_set_is_a_dependency_of_every_stage(stage):
    assert "data/${dataset}.yaml" in STAGES[stage]["deps"]
    assert "dataset" in STAGES[stage]["params"]


def test_training_depends_on_all_settings_but_on_no_other_variant():
    settings = set(Training.model_fields) - {"hidden"} | {"dataset", "normalize", "record_test", "seeds"}
    assert set(STAGES["train"]["params"]) == settings | {"variants.${key}"}


def test_every_parameter_is_one_of_the_models_and_is_used_by_a_stage():
    used = {key.split(".")[0] for stage in STAGES.values() for key in stage["params"]}
    assert used == set(Params.model_fields)


def test_comparing_and_reporting_depend_on_the_list_of_variants_so_that_removing_one_is_noticed():
    for name in ("evaluate", "report"):
        assert {"variants", "baseline", "seeds"} <= set(STAGES[name]["params"])


def attributes(file, name):
    """Return the attributes that ``file`` takes of ``name``: of ``params.seeds``, "seeds"."""
    nodes = ast.walk(ast.parse((REPOSITORY / file).read_text()))
    return {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


def test_a_stage_declares_every_parameter_that_its_own_code_reads(stage):
    read = attributes(f"stages/{stage}.py", "params") & set(Params.model_fields)
    assert read <= {key.split(".")[0] for key in STAGES[stage]["params"]}


def test_no_output_escapes_the_run_cache(stage):
    # `persist`, or `cache: false` on anything but metrics, would make DVC run the stage again after every checkout.
    assert all(isinstance(out, str) for out in STAGES[stage]["outs"])


def test_every_variant_of_the_parameters_is_a_stage_of_its_own():
    assert DVC["train"]["foreach"] == "${variants}"
    assert load_params(REPOSITORY / "params.yaml").variants


def test_importing_a_stage_prints_nothing_starts_no_thread_and_imports_neither_tensorflow_nor_mlflow(stage):
    # Those who need TensorFlow start it first; MLflow takes a second that the first epoch can hide.
    code = f"import sys, threading, stages.{stage}; print(threading.active_count(), *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    threads, *modules = done.stdout.split()
    assert threads == "1"
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    assert not {"tensorflow", "keras", "mlflow"} & set(modules)


def test_what_trains_does_without_pandas_and_other_packages_that_keras_would_import():
    code = "import sys, stages.train as t; t.start_tensorflow(); import hemline.training.trainer; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "keras" in modules
    assert not {"pandas", "matplotlib", "scipy", "sklearn"} & modules


def test_stages_that_need_no_tensorflow_import_it_nowhere():
    for name in ("download", "normalize", "report"):
        assert not {"hemline/runtime.py", "hemline/model.py", "hemline/trainer.py"} & needed(f"stages/{name}.py")


def test_only_one_package_imports_mlflow():
    files = [path for folder in ("hemline", "stages", "commands") for path in (REPOSITORY / folder).rglob("*.py")]
    importing = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] == "mlflow" for name in names):
                importing.add(path.parent.relative_to(REPOSITORY).as_posix())
    assert importing == {OBSERVER}
