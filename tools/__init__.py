"""What keeps the documentation and the pinned versions up to date; each has a target in the ``Makefile``."""
