"""Queues of several clones made one."""
