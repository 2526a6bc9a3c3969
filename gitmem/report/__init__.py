"""One page of what gitmem keeps: gather its contents, and render them as a file that needs nothing else."""
