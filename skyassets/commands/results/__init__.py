"""Commands about results: report, history and publish."""
