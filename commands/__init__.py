"""What people run beside the pipeline; each has a target in the ``Makefile``.

Importing any of them refuses a Python without the project's packages.
"""

import sys
from importlib.util import find_spec

from hemline.errors import end_by_ctrl_c_while_imported

if not all(map(find_spec, ("dvc", "mlflow", "pydantic"))):
    sys.exit(
        f"error: {sys.executable}: is a Python without the packages of this project; "
        f"run `. .venv/bin/activate`, and this again, or `make help`"
    )

end_by_ctrl_c_while_imported()
