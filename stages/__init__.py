"""The stages of ``dvc.yaml``: known, check, download, normalize, tune, train, solve, evaluate, report.

Importing any of them refuses a Python without the project's packages, and fixes the processor that is computed for: its
settings are read when NumPy is loaded, which is before any code of a stage runs. So is the code itself, to be compared
with what it is when the stage ends.
"""

import sys
from importlib.util import find_spec

import hemline.processes.durations  # noqa: F401 - its clock starts before the stage's other imports
from hemline.errors import end_by_ctrl_c_while_imported
from hemline.target import fix_target

if not all(map(find_spec, ("keras", "mlflow", "pydantic"))):
    # DVC runs whichever `python` comes first on the PATH, also where DVC itself was called by its full name.
    sys.exit(
        f"error: {sys.executable}: is a Python without the packages of this project; "
        f"run `. .venv/bin/activate`, and `dvc repro` again, or `make`"
    )

from hemline.dependencies.running import remember_code

end_by_ctrl_c_while_imported()
remember_code()
fix_target()
