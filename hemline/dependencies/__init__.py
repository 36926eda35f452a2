"""The code that stages run; what an edit of it means, and how DVC records that.

Takes the files, dvc.lock and Git's history.
"""
