"""Kinds of models, one module each: settings, fitting, prediction of probabilities.

Input: a variant's settings and the folder of the normalize stage. Output: trained models. A new family is one file.
"""
