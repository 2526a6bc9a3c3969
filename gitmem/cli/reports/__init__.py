"""Results as lines for a terminal, a log or a forge."""
