"""verdicts on texts: answers, programs, judge model, worker pool."""
