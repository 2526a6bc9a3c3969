"""Whether what should run did run: audit, doctor, statistics."""
