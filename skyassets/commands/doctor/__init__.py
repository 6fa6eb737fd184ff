"""`skyassets doctor`: checks of the installation, the machine and the servers."""
