"""The `skyassets` command line: one file per command, each a function that prints and returns an exit code."""
