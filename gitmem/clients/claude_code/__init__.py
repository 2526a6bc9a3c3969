"""Claude Code: its payloads, settings, transcripts, memory and limits."""
