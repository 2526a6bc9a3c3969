"""Whether everything is drained, and in which scope."""
