"""Trainings on the workers of a cluster, by dask.distributed: where they ran changes no result.

Takes jobs (``jobs.job``) and a scheduler's address; hands back their results, and tells of epochs as they end.
"""
