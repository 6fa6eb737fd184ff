"""the HTML and Markdown report."""
