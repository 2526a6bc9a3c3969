"""What English engineers write in several ways: words and phrases that say the same, and words that say little."""
