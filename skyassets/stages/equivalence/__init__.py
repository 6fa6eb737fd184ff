"""Final answers: extraction, normalization and comparison. Pure: imports no other package of skyassets."""
