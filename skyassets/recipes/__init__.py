"""Policy: one file a recipe, a function that returns a frozen value. What shapes the output, never where it runs."""
