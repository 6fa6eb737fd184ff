"""The digest of a whole frame at once, as the store makes it slice by slice."""

import polars as pl

from skyassets.core.tables.content_digest import ContentDigest
from skyassets.core.tables.declarations import Table


def content_digest(table: Table, frame: pl.DataFrame) -> str:
    content = ContentDigest(table)
    for _ in content.of([frame.sort(table.key)]):
        pass
    return content.hexdigest()
