"""Selection: which rewrites of a problem, how many of a domain or source, and in which mixture."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stages.curating import FIRST, QUESTION, Row, curated, dropped, evidence, problem, rewrite

from skyassets.core.errors import RecipeError
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.curation.rules import FitsCutoff, Rule
from skyassets.stages.curation.selection import Cap, Chosen, Group, InMixture, Order, Share, WithinCaps

MATHS, OTHERS = Group("domain", ("maths",)), Group("domain", ("science", "puzzle"))
domains = st.lists(st.sampled_from(["maths", "science", "puzzle"]), max_size=15)


def rules(rule: Rule) -> tuple[Rule, ...]:
    return (*FIRST, FitsCutoff(1000), rule)


def of_domains(names: list[str]) -> tuple[list[Row], list[Row]]:
    problems = [problem(number, f"{QUESTION} {number}", domain=name) for number, name in enumerate(names)]
    return [rewrite(number, number) for number in range(len(names))], problems or [problem(0)]


@pytest.mark.parametrize(("order", "first"), [(Order.SHORTEST, 0), (Order.LONGEST, 2), (Order.FIRST, 0)])
def test_the_first_of_a_problem_in_the_wanted_order_is_chosen(order: Order, first: int) -> None:
    frame = curated([rewrite(number, 0) for number in (2, 0, 1)], rules=rules(Chosen(1, order)))
    assert kept_examples(frame)["rewrite_id"].to_list() == [f"r{first:02}"]
    assert set(dropped(frame).values()) == {None, Chosen.name}


@given(st.integers(1, 4), st.sampled_from(list(Order)), st.lists(st.integers(0, 2), max_size=10))
def test_each_problem_keeps_as_many_as_it_may(many: int, order: Order, of: list[int]) -> None:
    problems = [problem(number, f"{QUESTION} {number}") for number in range(3)]
    rows = [rewrite(number, each) for number, each in enumerate(of)]
    frame = curated(rows, problems, rules(Chosen(many, order)))
    counts = Counter(kept_examples(frame)["problem_id"])
    assert counts == {f"p{number:02}": min(count, many) for number, count in Counter(of).items()}


@given(domains, st.integers(0, 5), st.integers(0, 5), st.integers(0, 3))
def test_no_cap_is_exceeded_and_none_is_left_unfilled(names: list[str], maths: int, others: int, seed: int) -> None:
    frame = curated(*of_domains(names), rules=rules(WithinCaps((Cap(maths, MATHS), Cap(others, OTHERS)), seed)))
    counts = Counter("maths" if name == "maths" else "others" for name in kept_examples(frame)["domain"])
    assert counts["maths"] == min(maths, names.count("maths"))
    assert counts["others"] == min(others, len(names) - names.count("maths"))


def test_a_cap_may_hold_for_each_value_of_a_column() -> None:
    frame = curated(*of_domains(["maths", "maths", "puzzle"]), rules=rules(WithinCaps((Cap(1, "domain"),))))
    assert sorted(kept_examples(frame)["domain"]) == ["maths", "puzzle"]
    assert evidence(frame) == ["1 rows of domain maths were drawn"]


def test_the_draw_depends_on_the_seed_and_on_nothing_else() -> None:
    rows, problems = of_domains(["maths"] * 12)
    drawn = [
        set(kept_examples(curated(given_, problems, rules(WithinCaps((Cap(4, MATHS),), seed))))["rewrite_id"])
        for given_, seed in ((rows, 1), (rows[::-1], 1), (rows, 2))
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_row_more_moves_no_other_row_but_at_the_border() -> None:
    rows, problems = of_domains(["maths"] * 12)
    cap = rules(WithinCaps((Cap(4, MATHS),)))
    fewer, more = (set(kept_examples(curated(part, problems, cap))["rewrite_id"]) for part in (rows[:-1], rows))
    assert len(fewer - more) <= 1


@given(domains, st.sampled_from([0.2, 0.5, 0.75]), st.none() | st.integers(0, 9))
def test_a_mixture_has_its_shares_as_near_as_whole_rows_can(names: list[str], share: float, rows: int | None) -> None:
    mixture = InMixture((Share(share, MATHS), Share(1 - share, OTHERS)), rows)
    frame = curated(*of_domains(names), rules=rules(mixture))
    good = kept_examples(frame)["domain"].to_list()
    total, maths = len(good), good.count("maths")
    assert rows is None or total <= rows
    assert abs(maths - share * total) <= 1
    assert frame.height == len(names)


def test_a_row_without_a_share_is_dropped_with_the_reason() -> None:
    frame = curated(*of_domains(["maths", "code"]), rules=rules(InMixture((Share(1.0, MATHS),))))
    assert evidence(frame) == ["no share of the mixture is for it"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: InMixture((Share(0.5, MATHS),)), "all add up to 1"),
        (lambda: Group("colour", ("red",)), "the column must be one of"),
        (lambda: Cap(1, "colour"), "0 or more"),
        (lambda: Chosen(0), "1 or more"),
    ],
)
def test_an_invalid_value_says_what_is_valid(wrong: object, message: str) -> None:
    assert callable(wrong)
    with pytest.raises(RecipeError, match=message):
        wrong()
