"""prompts, sampling settings, completions, usage."""
