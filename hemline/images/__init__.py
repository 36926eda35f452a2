"""Picture files decoded, and brought to the shape, the type and the range of a data set's images.

Takes bytes of picture files, or arrays of any kind; hands on arrays that are alike (``form.Form``).
"""
