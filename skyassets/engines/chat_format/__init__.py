"""The format of chat completions: what a server is sent, and what its answer means. No network access, no retries."""
