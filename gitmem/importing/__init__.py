"""Brings what is known elsewhere into the queue: notes, instruction files, another memory, review comments."""
