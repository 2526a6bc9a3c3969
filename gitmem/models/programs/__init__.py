"""The programs that a close can ask: what each is started with, and how its answer is read."""
