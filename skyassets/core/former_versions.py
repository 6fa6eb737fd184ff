"""x."""

FORMER: dict[str, str] = {}
