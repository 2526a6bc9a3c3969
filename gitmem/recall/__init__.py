"""Which landed lines fit some words, a path or a command: asked for, or at the point of need."""
