"""MLflow's Keras flavor, of a model that is a file already: what ``mlflow.keras.save_model`` writes, without Keras.

Importing Keras takes as long as many a training. A test compares the two, and ``mlflow.keras.load_model`` reads both.
"""

import shutil
from importlib.metadata import version
from pathlib import Path

from mlflow import pyfunc
from mlflow.models import Model, ModelSignature
from mlflow.models.model import MLMODEL_FILE_NAME
from mlflow.utils.environment import _mlflow_conda_env, _PythonEnv
from mlflow.utils.file_utils import get_total_file_size

_CONDA_ENV, _PYTHON_ENV, _REQUIREMENTS = "conda.yaml", "python_env.yaml", "requirements.txt"
_DATA = "data"


def save_model(path: str, mlflow_model: Model, file: Path, signature: ModelSignature) -> None:
    """Write the folder of an MLflow model; ``Model.log`` calls this of the flavor that it is given.

    Args:
        path: the folder, which does not exist.
        mlflow_model: what is known of the model so far; completed.
        file: the model, a ``.keras`` file.
        signature: of the model.
    """
    folder = Path(path)
    (folder / _DATA).mkdir(parents=True)
    shutil.copy(file, folder / _DATA / "model.keras")
    (folder / _DATA / "keras_module.txt").write_text("keras")
    mlflow_model.signature = signature
    mlflow_model.add_flavor(
        "keras", data=_DATA, keras_version=version("keras"), keras_backend="tensorflow", save_exported_model=False
    )
    pyfunc.add_to_model(mlflow_model, loader_module="mlflow.keras", conda_env=_CONDA_ENV, python_env=_PYTHON_ENV)
    mlflow_model.model_size_bytes = get_total_file_size(folder)
    mlflow_model.save(str(folder / MLMODEL_FILE_NAME))
    # Inferring them would take seconds, in a process of its own.
    requirements = [f"{package}=={version(package)}" for package in ("keras", "mlflow", "tensorflow")]
    (folder / _REQUIREMENTS).write_text("\n".join(requirements))
    _mlflow_conda_env(  # type: ignore[no-untyped-call]
        path=folder / _CONDA_ENV, additional_pip_deps=requirements, install_mlflow=False
    )
    _PythonEnv.current().to_yaml(folder / _PYTHON_ENV)  # type: ignore[no-untyped-call]
