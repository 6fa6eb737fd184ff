"""figures for the Dagster UI and reports."""
