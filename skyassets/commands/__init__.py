"""The `skyassets` command line: one file a command, each a function that prints and returns an exit code."""
