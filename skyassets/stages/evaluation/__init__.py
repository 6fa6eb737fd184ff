"""benchmarks, answers, scores, drift."""
