"""Tables, CSV or Parquet: what each column is for, and which rows are of which part of a data set.

Takes files, which need not fit into memory; hands on labels, and the columns of images some rows at a time.
"""
