"""engines/openai_api."""
