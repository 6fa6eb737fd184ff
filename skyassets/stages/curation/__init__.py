"""The training set: curation rules, selection, gates, and the export of training files."""
