"""Tools that keep documentation and pinned versions up to date; each has a target in the ``Makefile``."""
