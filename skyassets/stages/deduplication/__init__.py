"""Near-duplicate search and contamination: word n-grams and a Jaccard join."""
