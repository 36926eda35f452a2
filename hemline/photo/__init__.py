"""Converts a photo of any size to an image like the data set's.

Input: an image file. Output: raw pixels in the frame of the training images, and a preview for a terminal.
"""
