"""Trains one variant: an epoch is one compiled program, seeds run side by side.

Input: ``data/normalized/`` and a variant's settings. Output: trained models.
"""
