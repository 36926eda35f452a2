"""MLflow's Keras flavor, of a model that is a file already: what ``mlflow.keras.save_model`` writes, without Keras.

A test compares the two, and ``mlflow.keras.load_model`` reads both.
"""

import shutil
from importlib.metadata import version
from pathlib import Path

from mlflow import pyfunc
from mlflow.models import Model, ModelSignature
from mlflow.models.model import MLMODEL_FILE_NAME

# With `mlflow.keras`, which imports TensorFlow, a process takes 10.5 s of processor time and 690 MB to its first model,
# and with this 4.2 s and 170 MB; names inside the folder, which another MLflow may change, are compared by a test.
_DATA = "data"
_PACKAGES = ("keras", "mlflow", "tensorflow")


def declare(mlflow_model: Model, data: str) -> None:
    """Let ``mlflow.keras.load_model`` load a model, whose folder ``data`` has a file ``model.keras``."""
    mlflow_model.add_flavor(
        "keras", data=data, keras_version=version("keras"), keras_backend="tensorflow", save_exported_model=False
    )


def save_model(path: str, mlflow_model: Model, file: Path, signature: ModelSignature) -> None:
    """Write the folder of an MLflow model.

    Args:
        path: the folder, which does not exist.
        mlflow_model: what is known of the model so far; completed.
        file: the model, a ``.keras`` file.
        signature: of the model.
    """
    mlflow_model.signature = signature
    declare(mlflow_model, _DATA)
    pyfunc.save_model(
        path,
        loader_module="mlflow.keras",
        mlflow_model=mlflow_model,
        # Inferring them would take seconds, in a process of its own.
        pip_requirements=[f"{package}=={version(package)}" for package in _PACKAGES],
    )
    data = Path(path, _DATA)
    data.mkdir()
    shutil.copy(file, data / "model.keras")
    (data / "keras_module.txt").write_text("keras")
    mlflow_model.model_size_bytes = sum(each.stat().st_size for each in data.iterdir())
    mlflow_model.save(str(Path(path, MLMODEL_FILE_NAME)))
