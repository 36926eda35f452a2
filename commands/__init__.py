"""Command-line programs; ``hemline --help`` lists them, and the ``Makefile`` has a target for each.

A module has ``main``. Its parameters are the options that it declares, and ``others`` if it passes unknown options on.
Its docstring is its help. ``ERROR_STATUS`` is the exit status of an error, if not 1.
"""
