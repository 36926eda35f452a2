"""MLflow's Keras and scikit-learn flavors, of models that are files already: what their ``save_model`` writes.

A test compares the two; ``mlflow.keras.load_model`` and ``mlflow.sklearn.load_model`` read both.
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
# By the suffix of the model's file.
PACKAGES = {".keras": ("keras", "mlflow", "tensorflow"), ".skops": ("mlflow", "scikit-learn", "skops")}
# What scikit-learn's classifiers consist of, beside what skops trusts anyway: found by fitting each of them.
TRUSTED = [
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
]


def declare(mlflow_model: Model, folder: str, suffix: str) -> None:
    """Let MLflow load a model by its own flavor: the file ``model`` with this suffix in ``folder``."""
    if suffix == ".keras":
        mlflow_model.add_flavor(
            "keras", data=folder, keras_version=version("keras"), keras_backend="tensorflow", save_exported_model=False
        )
    else:
        mlflow_model.add_flavor(
            "sklearn",
            pickled_model=f"{folder}/model{suffix}",
            sklearn_version=version("scikit-learn"),
            serialization_format="skops",
            code=None,
            skops_trusted_types=TRUSTED,
        )


def save_model(path: str, mlflow_model: Model, file: Path, signature: ModelSignature) -> None:
    """Write the folder of an MLflow model at ``path``, which does not exist, and complete what is known of the model.

    The model is a ``.keras`` file, or a ``.skops`` file, which takes flattened images.
    """
    mlflow_model.signature = signature
    declare(mlflow_model, _DATA, file.suffix)
    pyfunc.save_model(
        path,
        loader_module="mlflow.keras" if file.suffix == ".keras" else "mlflow.sklearn",
        mlflow_model=mlflow_model,
        # Inferring them would take seconds, in a process of its own.
        pip_requirements=[f"{package}=={version(package)}" for package in PACKAGES[file.suffix]],
    )
    data = Path(path, _DATA)
    data.mkdir()
    shutil.copy(file, data / f"model{file.suffix}")
    if file.suffix == ".keras":
        (data / "keras_module.txt").write_text("keras")
    else:
        mlflow_model.flavors["python_function"] |= {
            "model_path": f"{_DATA}/model{file.suffix}",
            "predict_fn": "predict_proba",
        }
    mlflow_model.model_size_bytes = sum(each.stat().st_size for each in data.iterdir())
    mlflow_model.save(str(Path(path, MLMODEL_FILE_NAME)))
