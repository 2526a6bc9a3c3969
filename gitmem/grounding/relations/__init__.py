"""How the statements of a text hang together: conditions, causes, order, limits, and which belong to which."""
