"""CSV and Parquet tables: the role of each column, the part of each row.

Input: files, which may exceed the memory. Output: labels, and the columns of images a few rows at a time.
"""
