"""Makes the person's own memory, and writes it into their own instruction files."""
