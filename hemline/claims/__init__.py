"""Published claims, each held against repeated trainings.

``file`` reads what was claimed, ``experiments`` trains it through DVC, ``evidence`` loads what came out, ``judge`` and
``verdicts`` decide, and ``plots``, ``questions``, ``page`` and ``readme`` show it.
"""
