"""Verdicts on texts: answers, programs, the judge model and the worker pool."""
