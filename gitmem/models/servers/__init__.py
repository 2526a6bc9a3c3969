"""Servers of one's own: which there are, what they say of themselves, and what this clone remembers of them."""
