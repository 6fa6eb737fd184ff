"""Fine-tuning with DeepSpeed in worker processes."""
