"""Policy: one file per recipe, a function that returns a frozen value. It defines the output, not where it runs."""
