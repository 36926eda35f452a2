"""A photo of any size as a data set's image.

Takes a picture file; hands on raw pixels in the frame of the training images, and shows them in a terminal.
"""
