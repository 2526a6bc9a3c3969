"""Whether a reworded line may stand beside the flags that it cites."""
