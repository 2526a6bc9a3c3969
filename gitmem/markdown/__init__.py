"""A person's file read and edited line by line, byte for byte."""
