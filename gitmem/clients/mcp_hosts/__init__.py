"""Hosts of the Model Context Protocol: the file in which each keeps its servers, and gitmem's entry there."""
