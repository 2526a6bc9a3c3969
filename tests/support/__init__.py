"""What several tests share: real repositories and the real command."""
