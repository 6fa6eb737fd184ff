"""Safe Markdown, tables and text diffs. The lowest stage package."""
