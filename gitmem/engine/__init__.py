"""What gitmem does: capture, drain, close, land, check."""
