"""safe Markdown/table/diff text (lowest stage package)."""
