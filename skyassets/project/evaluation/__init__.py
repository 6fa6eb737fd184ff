"""Epochs, history, manifests and files of the evaluation's reports."""
