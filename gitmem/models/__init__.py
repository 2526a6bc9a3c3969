"""A question to a model, its reply, and the answers that are kept."""
