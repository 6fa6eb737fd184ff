"""final answers: extract, normalise, compare (pure, imports nothing but core-free code)."""
