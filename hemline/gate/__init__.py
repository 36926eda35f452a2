"""Decides whether a variant got worse since another revision, for a team's CI.

Input: the predictions of two revisions. Output: a table for the pull request.
"""
