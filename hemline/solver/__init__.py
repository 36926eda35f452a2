"""Labelled images -> the linear model of least penalised loss, and how near to it the solution is."""
