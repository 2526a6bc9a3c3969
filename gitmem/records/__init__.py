"""Drain records on the target, and what they say of each flag: landed, in review, waiting."""
