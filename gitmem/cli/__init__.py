"""The command line: arguments, environment, working folder, terminal, exit codes."""
