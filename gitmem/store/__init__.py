"""Git and the files beside it: the only layer that starts git."""
