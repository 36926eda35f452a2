"""Reads labelled images in any supported format as arrays of one shape and type.

Input: files, or a folder of pictures. Output: ``Source``, with the labels of each part and its images in the same
order. Each format is one module, found by its name; a new one touches no other file.
"""
