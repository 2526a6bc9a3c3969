"""The composition root: the only place that puts settings, shipped files and engines together."""
