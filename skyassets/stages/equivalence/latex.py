"""Normalizes the LaTeX of final answers for comparison. Works on copies, never on stored answers."""

import re

_INSIDE = r"((?:[^{}\\]|\\.|\{(?:[^{}\\]|\\.|\{(?:[^{}\\]|\\.)*\})*\})*)"
_WRAPPED = re.compile(
    rf"\\(?:boxed|text|textbf|textit|mathrm|mathbf|mbox|fbox|operatorname)\s*\{{{_INSIDE}\}}|"
    r"\$\$?((?:[^$\\]|\\.)*)\$\$?|\\\((.*)\\\)|\\\[(.*)\\\]|\*\*(.*)\*\*",
    re.DOTALL,
)
_SPACE = re.compile(r"(?<!\\)\\[!,;: ]|(?<!\\)\\(?:quad|qquad|displaystyle|limits)(?![A-Za-z])|~")
_SIZES = re.compile(r"\\(?:left|right|[bB]igg?[lr]?)(?![A-Za-z])\.?")
_FRACTIONS = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_BARE = r" ?(\\(?:pi|theta|alpha|beta|phi)(?![A-Za-z])|[A-Za-z0-9])"
_BARE_TOP, _BARE_BOTTOM = re.compile(rf"\\frac{_BARE}"), re.compile(rf"(\\frac\{{{_INSIDE}\}}){_BARE}")
_RAISED = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
_LINE = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_REPEATING = re.compile(r"(?<=[\d.])\\(?:bar|dot)(?![A-Za-z])")
_MODULO = re.compile(r"\\pmod ?([A-Za-z0-9])")
_SUBSCRIPT = re.compile(r"_\{ ?(\w) ?\}")
_ORDINAL = re.compile(
    r"(?<=\d) ?\^? ?\{? ?\\(?:text|mathrm|mbox) ?\{ ?(?:st|nd|rd|th) ?\} ?\}?|(?<=\d)\^\{ ?(?:st|nd|rd|th) ?\}"
)
_TEMPERATURE = re.compile(r"\^\\circ ?(?:\\(?:text|mathrm|rm|mbox) ?\{ ?)?([CF])(?![A-Za-z]) ?\}?")
_SCALES = {"C": "celsius", "F": "fahrenheit"}
_SAID = re.compile(r"\\(?:text|mbox|textbf) ?\{ ?(?:the )?(?:final )?answer(?: is)? ?:? ?\}", re.IGNORECASE)
_MEASURED = re.compile(r"\$([^$]+)\$ ?((?:[A-Za-z]+ ?)+)")
_OPEN, _CLOSED = "([{", ")]}"
_NEEDLESS_SPACE = re.compile(r"(?<![A-Za-z0-9.,]) | (?![A-Za-z0-9.])")


def tidy(text: str) -> str:
    """`text` in normalized LaTeX: without wrappers, sizes and spaces that have no meaning."""
    before = None
    while before != text:
        before = text
        text = _SAID.sub("", text.strip()).rstrip(".,;").strip()
        text = _MEASURED.sub(r"\1 \\text{ \2}", text) if _MEASURED.fullmatch(text) else text
        wrapped = _WRAPPED.fullmatch(text)
        if wrapped:
            text = next((inside for inside in wrapped.groups() if inside is not None), "")
    # `10,\!080` is one number. Remove `\ `, but keep the second half of `\\ `.
    text = re.sub(r",\\!\s*", ",", text).replace("{,}", ",")
    text = _FRACTIONS.sub(r"\\frac", _SIZES.sub("", _SPACE.sub(" ", text)))
    text = _REPEATING.sub(r"\\overline", _RAISED.sub(lambda match: f"^{{{match[0].translate(_LINE)}}}", text))
    text = _MODULO.sub(r"\\pmod{\1}", text)
    text = _BARE_BOTTOM.sub(r"\1{\3}", _BARE_TOP.sub(r"\\frac{\1}", text))
    for written, normal in _SPELLINGS:
        text = text.replace(written, normal)
    text = _SUBSCRIPT.sub(r"_\1", _ORDINAL.sub("", text))
    text = _TEMPERATURE.sub(lambda match: rf"\text{{ {_SCALES[match[1]]}}}", text)
    return _NEEDLESS_SPACE.sub("", re.sub(r"\s+", " ", text)).strip()


def group(text: str) -> tuple[str, list[str], str] | None:
    """The opening, parts and closing of a single bracketed group (intervals may be half-open); None otherwise."""
    text = text.replace("\\{", "{").replace("\\}", "}") if text.startswith("\\{") and text.endswith("\\}") else text
    if len(text) < 2 or text[0] not in _OPEN or text[-1] not in _CLOSED:
        return None
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in _OPEN) - (letter in _CLOSED)
        if depth == 0 and place < len(text) - 1:
            return None
    return text[0], split(text[1:-1]), text[-1]


def split(text: str) -> list[str]:
    """Split `text` at its outermost commas."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in _OPEN) - (letter in _CLOSED)
        if letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


_SPELLINGS = (
    ("−", "-"), ("–", "-"), ("×", "\\times "), ("·", "\\cdot "), ("÷", "\\div "), ("π", "\\pi "), ("∞", "\\infty "),
    ("℃", "^\\circ C"), ("°", "^\\circ"), ("^{\\circ}", "^\\circ"), ("\\degree", "^\\circ"),
    ("≤", "\\le "), ("≥", "\\ge "), ("<=", "\\le "), (">=", "\\ge "), (" !=", "\\ne "), ("≠", "\\ne "),
    ("\\leq ", "\\le "), ("\\geq ", "\\ge "), ("∪", "\\cup "), ("\\geqslant", "\\ge "), ("\\leqslant", "\\le "),
    ("\\varnothing", "\\emptyset"), ("\\R ", "\\mathbb{R}"), ("√", "\\sqrt "), ("\\lbrace", "\\{"),
    ("\\rbrace", "\\}"), ("\\lbrack", "["), ("\\rbrack", "]"), ("’", "'"),
)  # fmt: skip
