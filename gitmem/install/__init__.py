"""What `gitmem init` writes and `gitmem uninstall` takes back."""
