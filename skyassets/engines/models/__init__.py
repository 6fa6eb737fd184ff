"""Model weights: folders, GGUF files, shapes and identities."""
