"""Answers of each kind that was once misjudged, with the verdict they must have."""

from collections.abc import Iterator

import pytest

from skyassets.engines.math_verify.engine import MathVerify
from skyassets.stages.equivalence.choices import options
from skyassets.stages.grading.answers import judge_answer
from skyassets.stages.grading.config import Mode


@pytest.fixture(scope="module")
def algebra() -> Iterator[MathVerify]:
    comparator = MathVerify()
    yield comparator
    comparator.close()


def verdict(algebra: MathVerify, text: str, gold: str, question: str = "") -> str:
    domain = "science" if question else "maths"
    return judge_answer(domain, gold, text, Mode.LENIENT, algebra, options(question)).verdict.value


NEARLY_EQUAL = [
    ("2^{2024}", "2^{2024}-1"), ("2^{1010}-2", "2^{1010}-1"), ("\\frac{3^{101}-1}{2}", "\\frac{3^{101}-3}{2}"),
    ("50!", "50!+1"), ("1", "1-2^{-2020}"), ("\\frac{2020}{2^{2019}}", "\\frac{2019}{2^{2019}}"),
    ("\\frac{1}{2006!}", "\\frac{1}{2004!}"), ("10^{-39}", "10^{-38}"), ("\\sqrt{10^{100}+1}", "10^{50}"),
    ("\\pi", "\\pi+10^{-60}"), ("\\sqrt{2}+10^{-80}", "\\sqrt{2}"), ("\\{100!, 1\\}", "\\{100!-1, 1\\}"),
    ("(2^{300}, 3)", "(2^{300}-1, 3)"), ("2\\pi \\cdot 10^{-50}", "\\pi \\cdot 10^{-50}"), ("e^{100}", "e^{100}+1"),
    ("\\frac{10^{60}}{3}", "\\frac{10^{60}+1}{3}"), ("99^{99}", "99^{99}+99"),
]  # fmt: skip
EQUAL = [
    ("2^{2020}+1", "1+4^{1010}"), ("\\sqrt{2}\\sqrt{3}", "\\sqrt{6}"), ("\\frac{1}{\\sqrt{2}+1}", "\\sqrt{2}-1"),
    ("100!", "100 \\cdot 99!"), ("\\ln 4", "2\\ln 2"), ("\\sqrt{3+2\\sqrt{2}}", "1+\\sqrt{2}"), ("0.5", "\\frac12"),
    ("3.14", "3.14"), ("\\frac{2^{2021}}{2}", "2^{2020}"), ("\\{1, \\sqrt{4}\\}", "\\{2, 1\\}"),
    ("6.02\\times 10^{23}", "602\\times 10^{21}"),
]  # fmt: skip
OTHER_UNIT = [
    ("9.8\\ \\mathrm{m\\,s^{-1}}", "9.8 \\text{ m/s}^2"), ("5\\ \\mathrm{cm^{2}}", "5 \\mathrm{m^{2}}"),
    ("5\\,\\mathrm{m\\,s^{-1}}", "5 \\text{ kg}"), ("\\binom{n}{2} h", "\\binom{n}{2}"),
    ("\\lfloor x\\rfloor h", "\\lfloor x\\rfloor"),
    ("2.5\\text{ kJ}", "2.5\\text{ J}"), ("3\\text{ mW}", "3\\text{ MW}"),
    ("20^\\circ C", "20^\\circ F"), ("5\\text{ N}", "5\\text{ J}"), ("1\\text{ L}", "1\\text{ m}^3"),
    ("60^\\circ", "\\frac{\\pi}{6}"), ("\\frac{1}{2}m", "\\frac{1}{2}"), ("x_{1} t", "x_{1}"),
]  # fmt: skip
SAME_UNIT = [
    ("\\frac{1}{3}\\pi r^2 h", "\\frac{\\pi r^2 h}{3}"), ("\\frac{h}{2}", "\\frac{1}{2} h"),
    ("\\frac{37m}{4}", "\\frac{37}{4} m"), ("x + 2 d", "2d+x"), ("2 \\pi r h", "2\\pi hr"),
    ("2.5\\ \\text{kJ}", "2500 \\text{ J}"), ("500\\ \\text{nm}", "5\\times10^{-7}\\text{ m}"),
    ("1 \\text{ liter}", "1000 \\text{ cm}^3"), ("700^\\circ C", "700"), ("25\\,^\\circ\\mathrm{C}", "25^\\circ C"),
    ("3\\ \\mathrm{N\\cdot m}", "3 \\text{ J}"), ("2\\ \\mathrm{kg\\, m\\, s^{-2}}", "2\\text{ N}"),
    ("36 \\text{ km/h}", "10\\ \\mathrm{m}/\\mathrm{s}"), ("28.8\\text{ s}^{-1}", "28.8"),
    ("\\frac{600}{7} \\mathrm{~km} / \\mathrm{h}", "\\frac{600}{7}"), ("5\\,\\mu\\mathrm{m}", "0.005\\text{ mm}"),
    ("4\\frac49\\text{ days}", "$4 \\frac{4}{9}$ days"), ("12^{\\text{th}}\\text{ grade}", "12"), ("12^{th}", "12"),
    ("6.02\\times 10^{23}\\ \\text{mol}^{-1}", "6.02\\times 10^{23}"), ("60^\\circ", "\\frac{\\pi}{3}"),
    ("\\cos 60^\\circ", "\\frac12"), ("4\\sin 50^\\circ", "4\\cos 40^\\circ"), ("\\tan(45^\\circ)", "1"),
    ("2\\text{ hours}", "120\\text{ minutes}"), ("150\\text{ kPa}", "1.5\\text{ bar}"), ("45^\\circ", "45"),
]  # fmt: skip
SAME = [
    ("e^{i\\pi}", "-1"), ("(2+3i)+(1-i)", "3+2i"), ("i^2", "-1"), ("mgh", "m g h"), ("abc", "bca"), ("hgm", "mgh"),
    ("\\frac{1}{3} e^t + C e^{-2t}", "\\frac{e^{t}} {3}+c e^{-2 t}"), ("x^2 + C", "x^2 + c"),
    ("y=-1,\\ x=4", "(4,-1)"), ("x=4, y=-1", "(4,-1)"), ("b=2, a=1", "(1, 2)"), ("E_1, E_2", "E_{1},E_{2}"),
    ("\\frac{1}{b - a} \\left( e^{-at} - e^{-bt} \\right)", "\\frac{1}{b-a}\\left(e^{-a t}-e^{-b t}\\right)"),
    ("xyz+xy", "xy(z+1)"), ("AB = 5", "5"), ("S_{100}=5050", "5050"), ("f(2)=7", "7"), ("|AB|=5", "5"),
    ("\\omega(r) = \\frac{v}{r}", "\\frac{v}{r}"), ("\\angle ABC = 60^\\circ", "60"), ("P(A) = \\frac12", "0.5"),
    ("x<-1 \\text{ or } x>2", "(-\\infty,-1)\\cup(2,\\infty)"),
    ("x>2 \\text{ or } x\\le -1", "(-\\infty,-1]\\cup(2,\\infty)"),
    ("\\begin{cases} x^2 & x\\ge 0\\\\ -x & x<0\\end{cases}",
     "\\begin{cases} x^2 & \\text{if } x\\ge 0\\\\ -x & \\text{if } x<0\\end{cases}"),
    ("\\begin{cases} -x & x<0\\\\ x^2 & x\\ge 0\\end{cases}", "\\begin{cases} x^2 & x\\ge 0\\\\ -x & x<0\\end{cases}"),
    ("\\text{The answer is } 42", "42"), ("(a)\\ 3, (b)\\ 5", "(a) 3 (b) 5"),
]  # fmt: skip
DIFFERENT = [
    ("mgh", "m g"), ("abc", "abd"), ("x^2 + C", "x^2"), ("y=-1, x=4", "(-1,4)"), ("AB = 5", "6"), ("f(2)=7", "2"),
    ("C", "c"), ("\\frac{Q}{C}", "\\frac{Q}{c}"), ("x<-1 \\text{ or } x\\ge 2", "(-\\infty,-1)\\cup(2,\\infty)"),
    ("\\begin{cases} x^2 & x\\ge 0\\\\ x & x<0\\end{cases}", "\\begin{cases} x^2 & x\\ge 0\\\\ -x & x<0\\end{cases}"),
    ("42 \\text{ (not } 43)", "43"), ("\\approx 3.14", "\\pi"), ("\\text{infinitely many}", "901"),
    ("(a) 2, (b) 5", "(a) 3, (b) 5"), ("(a) 5, (b) 3", "(a) 3, (b) 5"), ("(a) 2, (b) 5", "5"), ("cat", "act"),
    ("x \\ge 2", "2"), ("n \\ne 3", "3"), ("3x = 9", "9"), ("i", "1"), ("xy = 5", "x"), ("e^{-at}", "e^{at}"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "gold"), NEARLY_EQUAL + OTHER_UNIT + DIFFERENT)
def test_a_wrong_answer_is_not_accepted(algebra: MathVerify, answer: str, gold: str) -> None:
    assert verdict(algebra, f"\\boxed{{{answer}}}", gold) != "correct"
    if not gold.startswith("$"):
        assert verdict(algebra, f"\\boxed{{{gold}}}", answer) != "correct"


@pytest.mark.parametrize(("answer", "gold"), EQUAL + SAME_UNIT + SAME)
def test_a_right_answer_is_accepted(algebra: MathVerify, answer: str, gold: str) -> None:
    assert verdict(algebra, f"\\boxed{{{answer}}}", gold) == "correct"


@pytest.mark.parametrize(
    ("text", "gold", "expected"),
    [
        ("The answer is x >= 2.", "2", "not correct"),
        ("The answer is n != 3.", "3", "not correct"),
        ("Thus $x <= 2$ is our answer.", "2", "not correct"),
        ("Thus $x <= 2$ is our answer.", "x \\le 2", "correct"),
        ("Thus 3x = 9.", "9", "not correct"),
        ("So 2x + 1 = 7.", "7", "not correct"),
        ("The equation is $x^2 - 5x + 6 = 0$.", "0", "not correct"),
        ("So $m + n = 7$.", "7", "correct"),
        ("Hence x = 3.", "3", "correct"),
        ("The total is 2 + 3 = 5.", "5", "correct"),
        ("Thus, the equation of the plane is:\n\\[\n5x - 7y + 11z + 4 = 0\n\\]", "5x - 7y + 11z + 4 = 0", "correct"),
        ("Therefore, the answer is:\n\\[\n\\frac{1}{8}\n\\]", "\\frac{1}{8}", "correct"),
        ("Therefore, the answer is:\n$$\n\\frac{1}{8}\n$$", "\\frac{1}{8}", "correct"),
        ("So, the base six equivalent of 999 in decimal is 4343_6.", "4343_6", "correct"),
        ("First \\boxed{3}. No, it is \\boxed{5", "3", "not correct"),
        ("\\boxed 2", "2", "correct"),
        ("**Answer:** $x = 4$ and $y = -1$.", "x=4, y=-1", "correct"),
        ("The answer is $3$ or $5$.", "5", "not correct"),
        ("The answer is $x = 4$ and $y = -1$.", "4", "not correct"),
        ("(a) \\boxed{2}\n(b) \\boxed{5}", "(a) 3, (b) 5", "wrong"),
        ("(a) \\boxed{3}\n(b) \\boxed{5}", "(a) 3, (b) 5", "correct"),
        ("He was not sure whether it would be 12 or more.", "12", "unjudged"),
        ("So $(1+2i)6-3i=6+12i-3i=6+9i$.", "6+9i", "correct"),
        ("Thus, $f^{-1}(f^{-1}(3))=7$.", "7", "correct"),
        ("\\begin{align*}a &= 3t.\n\\end{align*} So one weighs $3$ treeks.", "3", "correct"),
    ],
)
def test_a_text_is_read_as_it_is_meant(algebra: MathVerify, text: str, gold: str, expected: str) -> None:
    judged = verdict(algebra, text, gold)
    assert judged != "correct" if expected == "not correct" else judged == expected


CAPITAL = "What is the capital of France?\nA) London\nB) Paris\nC) Berlin\nD) Madrid"
LENGTH = "Which is right?\n(A) 12 cm\n(B) 15 cm\n(C) 18 cm\n(D) 21 cm"


@pytest.mark.parametrize(
    ("question", "text", "gold", "expected"),
    [
        (CAPITAL, "B) Paris", "B", "correct"), (CAPITAL, "Paris", "B", "correct"),
        (CAPITAL, "Hence, option B.", "B", "correct"), (CAPITAL, "It lies on the Seine, so B.", "B", "correct"),
        (LENGTH, "B) 15 cm", "B", "correct"), (LENGTH, "15 cm", "B", "correct"), (LENGTH, "18 cm", "B", "wrong"),
        (CAPITAL, "A) London", "B", "wrong"), (CAPITAL, "Not B) Paris", "B", "wrong"),
        (CAPITAL, "Paris or London", "B", "wrong"), (CAPITAL, "B) London", "B", "wrong"),
        (CAPITAL, "I would not pick option B.", "B", "wrong"),
    ],
)  # fmt: skip
def test_a_choice_is_read_without_a_box(
    algebra: MathVerify, question: str, text: str, gold: str, expected: str
) -> None:
    assert verdict(algebra, text, gold, question) == expected


@pytest.mark.parametrize(
    ("answer", "gold"), [("|x|", "\\sqrt{x^2}"), ("\\frac{\\sin 2x}{2\\sin x}", "\\cos x"), ("\\ln(x^2)", "2\\ln x")]
)
def test_what_agrees_at_several_places_is_never_wrong(algebra: MathVerify, answer: str, gold: str) -> None:
    assert verdict(algebra, f"\\boxed{{{answer}}}", gold) != "wrong"
