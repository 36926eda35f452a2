"""Decodes image files and converts them to one shape, type and range.

Input: bytes of image files, or arrays of any kind. Output: arrays of one form (``form.Form``).
"""
