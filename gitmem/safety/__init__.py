"""What may be written: hidden and executing text, active Markdown, secrets, and the paths that gitmem may write."""
