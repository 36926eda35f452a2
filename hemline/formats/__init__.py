"""Labelled images however they are stored, as arrays of one shape and type.

Takes files, or a folder of pictures; hands on ``Source``: the labels of each part, and its images in the same order.
One module a format, found by its name: a new one touches no other file.
"""
