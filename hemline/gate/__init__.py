"""Whether a variant got worse since another revision: what a team's CI asks before it takes a change.

Takes the predictions of two revisions; passes on the table for a pull request.
"""
