"""Sketches: pictures of a few hundred letters, for where a whole picture has no room. They know marks and no table.

Dagster's UI draws Markdown of fewer than a thousand letters where it stands, and hides longer ones behind a link. No
plotting library writes a picture that short, so these are SVG by hand: a few words, and one path for each colour.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Row = TypeVar("Row")

ROOM = 960
"""Letters that a sketch may take as a Markdown image."""
WIDTH, LEFT, LINE = 460, 170, 15
"""Pixels: of the sketch, of the words at its left, and of a line."""
REACH = WIDTH - LEFT - 50
"""Pixels that the longest bar takes; a number stands at its end."""
GREY = "gray"
"""Words are grey: to be read on white and on black."""
LONGEST_NAME = 26
HEIGHT = 60


def as_markdown(svg: str) -> str:
    """The sketch as a Markdown image that the UI draws without asking anybody."""
    uri = svg.replace("%", "%25").replace("<", "%3C").replace(">", "%3E").replace("#", "%23")
    return f"![sketch](<data:image/svg+xml,{uri}>)"


def bars(title: str, rows: Mapping[str, Mapping[str, int]], colours: Mapping[str, str]) -> str:
    """A line for each row: its name, its parts as one bar in their colours, and their sum; as many as find room."""
    sums = {name: sum(parts.values()) for name, parts in rows.items()}
    scale = REACH / max([*sums.values(), 1])

    def drawn(shown: Sequence[str]) -> str:
        words, paths = [_title(title, len(rows) - len(shown))], dict.fromkeys(colours, "")
        for place, name in enumerate(shown, 2):
            low, start = place * LINE - 10, LEFT
            for part in colours:
                if width := round(rows[name].get(part, 0) * scale):
                    paths[part] += f"M{start} {low}h{width}v11h-{width}z"
                    start += width
            words.append(f"{_text(0, low + 9, _name(name))}{_text(start + 4, low + 9, f'{sums[name]:,}')}")
        marks = [f"<path fill='{colours[part]}' d='{path}'/>" for part, path in paths.items() if path]
        return _svg((len(shown) + 1) * LINE + 3, [*words, *marks])

    return _fitting(list(rows), drawn)


def intervals(title: str, rows: Sequence[tuple[str, str, float, float, float]]) -> str:
    """A line for each row: its name, and on a scale from 0 to 1 a dot in its colour with the interval around it."""

    def drawn(shown: Sequence[tuple[str, str, float, float, float]]) -> str:
        words, marks = [_title(title, len(rows) - len(shown))], dict[str, str]()
        for place, (name, colour, value, low, high) in enumerate(shown, 2):
            middle = place * LINE - 4
            at, start, end = (LEFT + round(REACH * share) for share in (value, low, high))
            line = f"M{start} {middle}H{end}M{at} {middle - 4}v8"
            marks[colour] = marks.get(colour, "") + line
            words.append(f"{_text(0, middle + 4, _name(name))}{_text(end + 5, middle + 4, f'{value:.2f}')}")
        paths = [f"<path stroke='{colour}' stroke-width='3' d='{path}'/>" for colour, path in marks.items()]
        return _svg((len(shown) + 1) * LINE + 3, [*words, *paths])

    return _fitting(list(rows), drawn)


def histogram(title: str, values: Sequence[float], colour: str, bins: int = 24) -> str:
    """How the values spread between the least and the greatest, which are named below."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    step = (high - low) / bins or 1.0
    counts = [0] * bins
    for value in values:
        counts[min(int((value - low) / step), bins - 1)] += 1
    scale, width = HEIGHT / max([*counts, 1]), WIDTH // bins
    path = "".join(
        f"M{place * width} {LINE + 5 + HEIGHT}v-{round(count * scale)}h{width - 2}V{LINE + 5 + HEIGHT}z"
        for place, count in enumerate(counts)
        if count
    )
    return _framed(title, f"{low:,.4g}", f"{high:,.4g}", f"<path fill='{colour}' d='{path}'/>")


def curve(title: str, values: Sequence[float], colour: str, points: int = 40) -> str:
    """The values in their order, joined; the first and the last are named below."""
    if not values:
        return _framed(title, "", "", "")
    points = min(points, len(values))
    taken = [values[round(place * (len(values) - 1) / max(points - 1, 1))] for place in range(points)]
    low, high = min(taken), max(taken)
    scale = HEIGHT / (high - low or 1.0)
    step = (WIDTH - 10) / max(points - 1, 1)
    path = "L".join(
        f"{round(place * step)} {LINE + 5 + HEIGHT - round((value - low) * scale)}" for place, value in enumerate(taken)
    )
    line = f"<path fill='none' stroke='{colour}' stroke-width='2' d='M{path}'/>"
    return _framed(title, f"{values[0]:,.4g}", f"{values[-1]:,.4g}", line)


def _framed(title: str, first: str, last: str, mark: str) -> str:
    below = 2 * LINE + HEIGHT + 4
    end = f"<text x='{WIDTH - 10}' y='{below}' text-anchor='end'>{last}</text>"
    return _svg(below + 4, [_title(title, 0), mark, _text(0, below, first), end])


def _fitting(rows: list[Row], drawn: Callable[[Sequence[Row]], str]) -> str:
    """The drawing of as many of the first rows as there is room for."""
    while rows and len(as_markdown(drawn(rows))) > ROOM:
        rows = rows[:-1]
    return drawn(rows)


def _svg(height: int, marks: Sequence[str]) -> str:
    head = f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' fill='{GREY}'"
    return f"{head} font-family='sans-serif' font-size='11'>{''.join(marks)}</svg>"


def _title(title: str, left_out: int) -> str:
    return _text(0, 11, f"{title} (and {left_out} more)" if left_out else title)


def _text(x: int, y: int, words: str) -> str:
    place = f" x='{x}'" if x else ""
    return f"<text{place} y='{y}'>{words}</text>"


def _name(name: str) -> str:
    """A name as SVG text and Markdown can hold it: a model or a file may have written it."""
    plain = "".join(letter if letter.isalnum() or letter in " .,:+-_/=" else "·" for letter in name)
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 1]}…"
