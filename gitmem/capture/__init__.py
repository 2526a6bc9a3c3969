"""Flags saved and dropped."""
