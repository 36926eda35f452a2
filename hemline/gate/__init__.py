"""Whether a variant got worse since another revision: what a team's CI asks before it takes a change.

Takes the predictions of two revisions, or what git alone keeps of one; hands on the table for a pull request.
"""
