"""What is published on the Hub: the plan, the files, the cards and the checks."""
