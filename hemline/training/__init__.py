"""Training one variant: a whole epoch as one compiled program, the seeds side by side.

Takes ``data/normalized/`` and a variant's settings; hands on ``models/<variant>/`` (``trained.Trained``).
"""
