"""Multinomial logistic regression, solved to a tolerance."""
