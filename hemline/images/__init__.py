"""Images: picture files decoded, and brought to the shape, the type and the range that a data set's images have.

Takes bytes of picture files, or arrays of any kind; hands on arrays that are alike (``form.Form``).
"""
