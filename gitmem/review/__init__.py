"""A review shown, answered line by line, accepted, rebuilt, and lines forgotten."""
