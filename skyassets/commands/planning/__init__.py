"""Commands about the next run: plan, forecast and status; and the ledger of past costs."""
