"""Holds dvc.yaml against the code: what a stage depends on is what it imports and reads."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hemline.families.hyperparameters import Hyperparameters
from hemline.params import Params, load_params
from tools.versions import render

REPOSITORY = Path(__file__).parent.parent
# No result depends on these: they observe, choose where, wait, tell how far it is, refuse, and find the way.
EXEMPT = ("hemline/tracking/", "hemline/cluster/", "hemline/processes/", "hemline/terminal/")
EXEMPT += ("hemline/dependencies/", "hemline/errors.py", "hemline/repository.py")
WHERE = {"cluster", "sizes"}  # the parameters by which no result changes
DVC = YAML(typ="safe", pure=True).load(REPOSITORY / "dvc.yaml")["stages"]
STAGES = {name: stage.get("do", stage) for name, stage in DVC.items()}
VERSIONS = YAML(typ="safe", pure=True).load(REPOSITORY / "versions.yaml")
# Which find all others beside them by their names.
FINDS_OTHERS = {"hemline/formats/format.py", "hemline/families/registry.py"}
# What a library is imported as, where that is another name.
IMPORTED_AS = {"pillow": "PIL", "scikit-learn": "sklearn"}


def file_of(module):
    """Return the repository's file of a dotted name, or None for what is not the repository's."""
    path = Path(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if (REPOSITORY / candidate).is_file():
            return candidate.as_posix()
    return None


def names(file):
    """Return the dotted names that ``file`` imports, at its top or in a function."""
    found = set()
    for node in ast.walk(ast.parse((REPOSITORY / file).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import, which this test does not follow"
            # `from hemline.report import gallery` names a module, `from hemline.words import signed` a function.
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def needed(file):
    """Return all files of the repository that can change what ``file`` computes, itself among them."""
    # Python runs a package's file before its modules; the rooms' hold nothing but a docstring.
    found, waiting = set(), [file, "stages/__init__.py"]
    while waiting:
        each = waiting.pop()
        if each not in found and not each.startswith(EXEMPT):
            found.add(each)
            # Of a family, only what trains needs more than its settings.
            if not each.startswith("hemline/families/") or file == "stages/train.py":
                waiting += {known for name in names(each) if (known := file_of(name))}
            if each in FINDS_OTHERS:
                waiting += [path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / each).parent.glob("*.py")]
    return {each for each in found if not re.fullmatch(r"hemline/(.*/)?__init__\.py", each)}


def covers(dependency, file):
    return file == dependency or file.startswith(f"{dependency}/")


def versions(stage):
    """Return the libraries whose versions are parameters of a stage."""
    return next((key["versions.yaml"] for key in STAGES[stage].get("params", []) if isinstance(key, dict)), [])


def params(stage):
    """Return the keys of params.yaml that are parameters of a stage."""
    return [key for key in STAGES[stage].get("params", []) if isinstance(key, str)]


@pytest.fixture(params=STAGES)
def stage(request):
    return request.param


def test_the_stages_are_the_files_of_the_folder_in_the_order_of_their_work():
    assert list(STAGES) == ["known", "check", "download", "normalize", "tune", "train", "solve", "evaluate", "report"]
    assert set(STAGES) == {path.stem for path in (REPOSITORY / "stages").glob("[!_]*.py")}


def test_a_stage_runs_the_module_of_its_name(stage):
    assert STAGES[stage]["cmd"].split()[:3] == ["python", "-m", f"stages.{stage}"]


def test_every_module_that_can_change_a_stages_result_is_a_dependency(stage):
    missing = [
        file
        for file in sorted(needed(f"stages/{stage}.py"))
        if not any(covers(dependency, file) for dependency in STAGES[stage]["deps"])
        # Without NumPy, there is no target to fix.
        and not (stage in {"known", "check", "download"} and file in {"stages/__init__.py", "hemline/target.py"})
    ]
    assert not missing, f"dvc.yaml, stage {stage}, deps: add {missing}, or the folders that they are in"


def test_no_stage_depends_on_code_that_it_does_not_need(stage):
    files = needed(f"stages/{stage}.py")
    code = [path for path in STAGES[stage]["deps"] if path.startswith(("hemline", "stages"))]
    idle = [dependency for dependency in code if not any(covers(dependency, file) for file in files)]
    assert not idle, f"dvc.yaml, stage {stage}, deps: take out {idle}"


def test_no_stage_depends_on_what_changes_no_result(stage):
    for dependency in STAGES[stage]["deps"]:
        assert not dependency.startswith(tuple(path.rstrip("/") for path in EXEMPT))


def test_the_walk_follows_imports_inside_functions_and_of_modules_from_a_package():
    assert "hemline/training/trainer.py" in needed("stages/train.py")
    assert "hemline/training/optimizers.py" in needed("stages/train.py")
    assert "hemline/report/gallery.py" in needed("stages/report.py")


def test_rooms_have_a_docstring_and_nothing_else_so_that_no_stage_depends_on_them():
    packages = list((REPOSITORY / "hemline").rglob("__init__.py"))
    assert len(packages) > 8
    for package in packages:
        tree = ast.parse(package.read_text())
        assert ast.get_docstring(tree)
        # No stage depends on this one; it sets what MLflow reads when it is imported, by whichever module comes first.
        if package.parent.name == "tracking":
            assert names(package.relative_to(REPOSITORY)) == {"os"}
        else:
            assert len(tree.body) == 1


def test_the_versions_of_the_libraries_that_compute_a_stages_result_are_its_parameters(stage):
    imported = {name.partition(".")[0] for file in needed(f"stages/{stage}.py") for name in names(file)}
    computing = {library for library in VERSIONS if IMPORTED_AS.get(library, library) in imported}
    # These files are read for their data; what they import in functions for others' sake, this stage does not run.
    aside = {
        "check": {"numpy", "pandas", "pillow", "pyarrow", "scikit-learn", "scipy"},
        "download": {"numpy"},
        "normalize": {"pandas"},
        "tune": {"pandas", "scikit-learn"},
        "train": {"pandas", "scikit-learn"},  # the latter by .inputs/<variant>.json, for variants that it fits
        "solve": {"pandas", "scikit-learn"},
        "report": {"cleanlab", "scikit-learn", "scipy", "statsmodels"},
    }
    assert computing - aside.get(stage, set()) <= set(versions(stage))
    assert set(versions(stage)) <= set(VERSIONS)


def test_the_versions_are_those_of_the_lock_file():
    assert (REPOSITORY / "versions.yaml").read_text() == render((REPOSITORY / "requirements.lock").read_text())


def test_a_stage_depends_on_what_earlier_ones_write(stage):
    outs = {"known": ".known", "check": ".checked", "download": "data/raw"}
    outs |= {
        "normalize": "data/normalized",
        "tune": "models/_tuned",
        "train": "models",
        "solve": "models/_solved",
        "evaluate": "reports/evaluation",
    }
    reads = {
        "known": set(),
        "check": {".known"},
        "download": {".checked"},
        "normalize": {".checked", "data/raw"},
        "tune": {".checked", "data/normalized"},
        "train": {".checked", "data/normalized"},
        "solve": {".checked", "data/normalized"},
        "evaluate": {".checked", "data/findings", "data/normalized", "models"},
        "report": {".checked", "data/findings", "data/normalized", "models", "reports/evaluation"},
    }
    made = {"data/findings", *outs.values()}
    assert {path for path in STAGES[stage]["deps"] if path in made} == reads[stage]
    if stage in outs:
        assert STAGES[stage]["outs"][0].startswith(outs[stage])


def test_the_description_of_the_data_set_is_a_dependency_of_the_stages_that_read_it(stage):
    reads = "hemline.data.description" in {name for file in [f"stages/{stage}.py"] for name in names(file)}
    # The first one looks at the names of all descriptions, and reads none.
    assert ("data/${dataset}.yaml" in STAGES[stage]["deps"]) == ((reads and stage != "known") or stage == "report")


def test_downloading_depends_on_no_parameter_but_the_data_sets_name():
    assert "params" not in STAGES["download"]
    assert STAGES["download"]["cmd"] == "python -m stages.download ${dataset}"
    assert "hemline/params.py" not in needed("stages/download.py")


def test_training_depends_on_all_settings_but_on_no_other_variant():
    settings = set(Hyperparameters.model_fields) | {"dataset", "normalize", "record_test", "seeds"}
    assert set(params("train")) == settings | {"variants.${key}"}


def test_every_parameter_is_one_of_the_models_and_is_used_by_a_stage():
    used = {key.split(".")[0] for stage in STAGES for key in params(stage)}
    # The stage check passes the search on, in a file for each variant.
    assert used == set(Params.model_fields) - WHERE - {"tuning"}


def test_comparing_and_reporting_depend_on_the_list_of_variants_so_that_removing_one_is_noticed():
    for name in ("evaluate", "report"):
        assert {"variants", "baseline", "seeds"} <= set(params(name))


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
    declared = {key.split(".")[0] for key in params(stage)}
    assert read - WHERE <= declared or "params.yaml" in STAGES[stage]["deps"]


def test_no_output_escapes_the_run_cache(stage):
    # `persist`, or `cache: false` on anything but metrics, would make DVC run the stage again after every checkout.
    assert all(isinstance(out, str) for out in STAGES[stage]["outs"])


def test_only_checking_depends_on_the_whole_file_of_parameters():
    assert [name for name, stage in STAGES.items() if "params.yaml" in stage["deps"]] == ["check"]


def test_checking_does_without_what_takes_time_to_be_imported():
    code = "import sys, stages.check; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert not {"numpy", "pandas", "sklearn", "keras"} & set(done.stdout.split())


def test_every_variant_of_the_parameters_is_a_stage_of_its_own():
    assert DVC["train"]["foreach"] == "${variants}"
    assert load_params(REPOSITORY / "params.yaml").variants


def test_importing_the_stages_prints_nothing_starts_no_thread_and_imports_neither_tensorflow_nor_mlflow():
    # Those who need TensorFlow start it first; MLflow takes a second that the first epoch can hide.
    modules = ", ".join(f"stages.{name}" for name in STAGES)
    code = f"import sys, threading, {modules}; print(threading.active_count(), *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    threads, *modules = done.stdout.split()
    assert threads == "1"
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    assert not {"tensorflow", "keras", "mlflow"} & set(modules)


def test_what_trains_does_without_pandas_and_other_packages_that_keras_would_import():
    code = "import sys, stages.train, hemline.training.trainer; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "keras" in modules
    assert not {"pandas", "matplotlib", "scipy", "sklearn"} & modules


def test_stages_that_need_no_tensorflow_import_it_nowhere():
    for name in set(STAGES) - {"train"}:
        assert "hemline/training/tensorflow.py" not in needed(f"stages/{name}.py")
