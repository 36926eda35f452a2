"""Kinds of models, a module each: its settings, and how they and the data become a model that predicts probabilities.

Takes a variant's settings and the folder of the normalize stage; passes on trained models. A new family is one file.
"""
