"""The seven stages of ``dvc.yaml``: known, check, download, normalize, train, evaluate, report.

Importing any of them refuses a Python without the project's packages, and fixes the processor that is computed for: its
settings are read when NumPy is loaded, which is before any code of a stage runs.
"""

import signal
import sys
from importlib.util import find_spec

from hemline.target import fix_target

if not all(map(find_spec, ("keras", "mlflow", "pydantic"))):
    # DVC runs whichever `python` comes first on the PATH, also where DVC itself was called by its full name.
    sys.exit(
        f"error: {sys.executable}: is a Python without the packages of this project; "
        f"run `. .venv/bin/activate`, and `dvc repro` again, or `make`"
    )

# That is what Python says while it imports the package of the module that it is to run. Until that has been imported,
# too, Ctrl-C ends the process: as an exception, it can be lost, and the stage runs on.
if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
fix_target()
