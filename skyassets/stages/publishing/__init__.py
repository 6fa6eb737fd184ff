"""dataset and model cards, licences, secret scan."""
