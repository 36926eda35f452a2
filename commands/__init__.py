"""Command-line programs; ``hemline --help`` lists them, and the ``Makefile`` has a target for each.

A module has ``main``. Its parameters are the options that it declares, and ``others`` if it forwards unknown options.
Its docstring is its help. ``ERROR_STATUS`` is the exit status of an error, if not 1. ``python -m commands.serve``, the
form of earlier versions, runs ``hemline serve``.
"""

import sys

if sys.argv[0] == "-m" and "-m" in sys.orig_argv:  # Python imports this package to find the module that it is to run.
    from hemline.__main__ import main

    module = sys.orig_argv[sys.orig_argv.index("-m") + 1]
    main([module.partition(".")[2].replace("_", "-"), *sys.argv[1:]])
    sys.exit()
