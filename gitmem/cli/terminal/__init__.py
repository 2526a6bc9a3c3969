"""The terminal of a person: what shows a long answer there."""
