"""The five stages of ``dvc.yaml``: download, normalize, train, evaluate, report.

Importing any of them fixes the processor that is computed for: its settings are read when NumPy is loaded, which is
before any code of a stage runs.
"""

import signal
import sys

from hemline.target import fix_target

# That is what Python says while it imports the package of the module that it is to run. Until that has been imported,
# too, Ctrl-C ends the process: as an exception, it can be lost, and the stage runs on.
if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
fix_target()
