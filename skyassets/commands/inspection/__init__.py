"""Commands that explain stored rows: why, lineage, diff, tokens, rejudge and compare-rewrites."""
