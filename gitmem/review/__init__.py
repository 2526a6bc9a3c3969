"""A review shown, accepted, rebuilt, and lines forgotten."""
