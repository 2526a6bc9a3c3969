"""Topic files, the index, the managed block, skills, guards, and the tree that holds them."""
