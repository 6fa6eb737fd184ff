"""Thumbnails: SVG images of a few hundred characters, independent of the tables they show.

Dagster's UI renders Markdown of fewer than a thousand characters inline and hides longer Markdown behind a link. No
plotting library writes images that short, so these are hand-written SVG: a few words, and one path per colour.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Line = TypeVar("Line")

ROOM = 960
"""The most characters of a thumbnail as a Markdown image."""
WIDTH, LEFT, LINE = 460, 170, 15
"""Pixels: the width of a thumbnail, the width of the labels at its left, and the height of a line."""
REACH = WIDTH - LEFT - 50
"""Pixels of the longest bar; its value is printed after it."""
GREY = "gray"
"""The text colour, legible on a light and on a dark background."""
LONGEST_NAME = 26
HEIGHT = 60


def as_markdown(svg: str) -> str:
    """The thumbnail as a Markdown image with a data URI, which the UI renders without a request."""
    uri = svg.replace("%", "%25").replace("<", "%3C").replace(">", "%3E").replace("#", "%23")
    return f"![thumbnail](<data:image/svg+xml,{uri}>)"


def bars(title: str, rows: Mapping[str, Mapping[str, int]], colours: Mapping[str, str]) -> str:
    """A line per row: its name, a bar stacked from its parts, and their sum; as many rows as fit."""
    sums = {name: sum(parts.values()) for name, parts in rows.items()}
    scale = REACH / max([*sums.values(), 1])

    def draw(lines: Sequence[str]) -> str:
        words, paths = [_title(title, len(rows) - len(lines))], dict.fromkeys(colours, "")
        for position, name in enumerate(lines, 2):
            low, start = position * LINE - 10, LEFT
            for part in colours:
                if width := round(rows[name].get(part, 0) * scale):
                    paths[part] += f"M{start} {low}h{width}v11h-{width}z"
                    start += width
            words.append(f"{_text(0, low + 9, _name(name))}{_text(start + 4, low + 9, f'{sums[name]:,}')}")
        marks = [f"<path fill='{colours[part]}' d='{path}'/>" for part, path in paths.items() if path]
        return _svg((len(lines) + 1) * LINE + 3, [*words, *marks])

    return _fit(list(rows), draw)


def intervals(title: str, rows: Sequence[tuple[str, str, float, float, float]]) -> str:
    """A line per row: its name, and its value with an interval on a scale from 0 to 1, in its colour."""

    def draw(lines: Sequence[tuple[str, str, float, float, float]]) -> str:
        words, marks = [_title(title, len(rows) - len(lines))], dict[str, str]()
        for position, (name, colour, value, low, high) in enumerate(lines, 2):
            middle = position * LINE - 4
            at, start, end = (LEFT + round(REACH * share) for share in (value, low, high))
            line = f"M{start} {middle}H{end}M{at} {middle - 4}v8"
            marks[colour] = marks.get(colour, "") + line
            words.append(f"{_text(0, middle + 4, _name(name))}{_text(end + 5, middle + 4, f'{value:.2f}')}")
        paths = [f"<path stroke='{colour}' stroke-width='3' d='{path}'/>" for colour, path in marks.items()]
        return _svg((len(lines) + 1) * LINE + 3, [*words, *paths])

    return _fit(list(rows), draw)


def histogram(title: str, values: Sequence[float], colour: str, bins: int = 24) -> str:
    """A histogram of the values, labelled below with the least and the greatest."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    step = (high - low) / bins or 1.0
    counts = [0] * bins
    for value in values:
        counts[min(int((value - low) / step), bins - 1)] += 1
    scale, width = HEIGHT / max([*counts, 1]), WIDTH // bins
    path = "".join(
        f"M{position * width} {LINE + 5 + HEIGHT}v-{round(count * scale)}h{width - 2}V{LINE + 5 + HEIGHT}z"
        for position, count in enumerate(counts)
        if count
    )
    return _framed(title, f"{low:,.4g}", f"{high:,.4g}", f"<path fill='{colour}' d='{path}'/>")


def curve(title: str, values: Sequence[float], colour: str, points: int = 40) -> str:
    """A line through the values in order, labelled below with the first and the last."""
    if not values:
        return _framed(title, "", "", "")
    points = min(points, len(values))
    sampled = [values[round(position * (len(values) - 1) / max(points - 1, 1))] for position in range(points)]
    low, high = min(sampled), max(sampled)
    scale = HEIGHT / (high - low or 1.0)
    step = (WIDTH - 10) / max(points - 1, 1)
    path = "L".join(
        f"{round(at * step)} {LINE + 5 + HEIGHT - round((value - low) * scale)}" for at, value in enumerate(sampled)
    )
    line = f"<path fill='none' stroke='{colour}' stroke-width='2' d='M{path}'/>"
    return _framed(title, f"{values[0]:,.4g}", f"{values[-1]:,.4g}", line)


def _framed(title: str, first: str, last: str, mark: str) -> str:
    below = 2 * LINE + HEIGHT + 4
    end = f"<text x='{WIDTH - 10}' y='{below}' text-anchor='end'>{last}</text>"
    return _svg(below + 4, [_title(title, 0), mark, _text(0, below, first), end])


def _fit(rows: list[Line], draw: Callable[[Sequence[Line]], str]) -> str:
    """The drawing of as many of the first rows as fit."""
    while rows and len(as_markdown(draw(rows))) > ROOM:
        rows = rows[:-1]
    return draw(rows)


def _svg(height: int, marks: Sequence[str]) -> str:
    head = f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' fill='{GREY}'"
    return f"{head} font-family='sans-serif' font-size='11'>{''.join(marks)}</svg>"


def _title(title: str, left_out: int) -> str:
    return _text(0, 11, f"{title} (and {left_out} more)" if left_out else title)


def _text(x: int, y: int, words: str) -> str:
    position = f" x='{x}'" if x else ""
    return f"<text{position} y='{y}'>{words}</text>"


def _name(name: str) -> str:
    """A name made safe for SVG and Markdown: it may come from a model or a file."""
    plain = "".join(letter if letter.isalnum() or letter in " .,:+-_/=" else "·" for letter in name)
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 1]}…"
