"""Where a line of memory comes from, and what became of a flag."""
