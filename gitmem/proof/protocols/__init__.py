"""The protocols that a model on loopback speaks, one module each."""
