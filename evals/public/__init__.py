"""Figures on data that others published: `python -m evals.public`. It needs the package registry, once."""
