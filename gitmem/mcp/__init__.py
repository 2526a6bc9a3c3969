"""What a host of the Model Context Protocol can ask of gitmem over standard input and output."""
