"""What people run beside the pipeline; each has a target in the ``Makefile``."""
