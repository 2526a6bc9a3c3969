"""Which snags came back after their fix landed, and where the next fix goes."""
