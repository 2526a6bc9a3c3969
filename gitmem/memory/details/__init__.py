"""The bodies of lines: files that no client loads, and the links that lead there."""
