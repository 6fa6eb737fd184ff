"""A recipe at a deployment: settings, stores, declarations, accounts and plans. Independent of Dagster."""
