"""git and gitmem's own folder in a clone; the only wing that starts git."""
