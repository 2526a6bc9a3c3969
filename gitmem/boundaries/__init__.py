"""What a hook does: decide, nudge, boot, look back, guard, and start work in the background."""
