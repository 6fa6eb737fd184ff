"""Charts for the Dagster UI and the reports."""
