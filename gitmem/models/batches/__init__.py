"""Message batches: many questions sent at once, for half the price, and answered later."""
