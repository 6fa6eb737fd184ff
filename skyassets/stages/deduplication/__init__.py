"""word n-grams, Jaccard join, contamination."""
