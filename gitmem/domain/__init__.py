"""Values and rules: pure, no files, no clock, no processes."""
