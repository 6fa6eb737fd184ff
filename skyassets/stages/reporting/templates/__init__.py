"""The report page's Jinja templates and CSS. All values are escaped; no script, and no external URL."""
