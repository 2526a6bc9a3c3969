"""The agent programs: how each is recognised, what it sends, and what it accepts as an answer."""
