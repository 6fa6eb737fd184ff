"""Local model servers: vLLM and transformers."""
