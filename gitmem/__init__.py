"""Durable memory for coding agents, kept in git."""
