"""Nouns of the pipeline, one concept a file; the verbs are in ``stages/`` and ``commands/``."""
