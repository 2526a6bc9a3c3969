"""The lines that a question shows beside its flags."""
