"""Trains on the workers of a dask.distributed cluster, with the same results.

Input: jobs (``jobs.job``) and a scheduler's address. Output: their results, and each epoch's metrics as it ends.
"""
