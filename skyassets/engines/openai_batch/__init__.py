"""engines/openai_batch."""
