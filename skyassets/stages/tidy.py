"""Final answers in one spelling of LaTeX, so that they can be compared. Changes copies, never what is stored."""

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
_NEEDLESS_SPACE = re.compile(r"(?<![A-Za-z0-9.,]) | (?![A-Za-z0-9.])")


def tidy(text: str) -> str:
    """`text` in one spelling of LaTeX: without wrappers, sizes and spaces that mean nothing."""
    before = None
    while before != text:
        before = text
        text = text.strip().rstrip(".,;").strip()
        wrapped = _WRAPPED.fullmatch(text)
        if wrapped:
            text = next((inside for inside in wrapped.groups() if inside is not None), "")
    # `10,\!080` is one number; `\ ` goes, the second half of `\\ ` stays.
    text = re.sub(r",\\!\s*", ",", text).replace("{,}", ",")
    text = _FRACTIONS.sub(r"\\frac", _SIZES.sub("", _SPACE.sub(" ", text)))
    text = _REPEATING.sub(r"\\overline", _RAISED.sub(lambda found: f"^{{{found[0].translate(_LINE)}}}", text))
    text = _BARE_BOTTOM.sub(r"\1{\3}", _BARE_TOP.sub(r"\\frac{\1}", text))
    for written, meant in _SPELLINGS:
        text = text.replace(written, meant)
    return _NEEDLESS_SPACE.sub("", re.sub(r"\s+", " ", text)).strip()


_SPELLINGS = (
    ("−", "-"), ("–", "-"), ("×", "\\times "), ("·", "\\cdot "), ("÷", "\\div "), ("π", "\\pi "), ("∞", "\\infty "),
    ("°", "^\\circ"), ("^{\\circ}", "^\\circ"), ("\\degree", "^\\circ"), ("≤", "\\le "), ("≥", "\\ge "),
    ("\\leq ", "\\le "), ("\\geq ", "\\ge "), ("∪", "\\cup "), ("\\geqslant", "\\ge "), ("\\leqslant", "\\le "),
    ("\\varnothing", "\\emptyset"), ("\\R ", "\\mathbb{R}"), ("√", "\\sqrt "), ("\\lbrace", "\\{"),
    ("\\rbrace", "\\}"), ("\\lbrack", "["), ("\\rbrack", "]"), ("’", "'"),
)  # fmt: skip
