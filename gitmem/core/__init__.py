"""Errors, a flag and its id, ages, counts and JSON on one line: what every wing may know."""
