"""Money: prices with a date, and a budget that is never exceeded."""

import threading
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.money import FREE, Budget, Price
from skyassets.core.ports import Message, Model, Request, Sampling
from skyassets.core.prices import PRICES

MINI = PRICES["gpt-4o-mini"]
AMOUNTS = st.floats(min_value=0.0, max_value=1e6, allow_nan=False)


def request(text: str, max_tokens: int) -> Request:
    return Request("0", Model("m", "1"), (Message("user", text),), Sampling(0.7, max_tokens), seed=1)


def test_a_call_costs_its_tokens_at_their_price() -> None:
    assert MINI.dollars(1_000_000, 0) == pytest.approx(0.15)
    assert MINI.dollars(2_000, 10_000) == pytest.approx(0.0063)


def test_a_batch_costs_half_where_the_host_says_so() -> None:
    assert MINI.dollars(1_000, 1_000, batched=True) == MINI.dollars(1_000, 1_000) / 2
    deepseek = PRICES["deepseek-reasoner"]
    assert deepseek.dollars(1_000, 1_000, batched=True) == deepseek.dollars(1_000, 1_000)


@given(st.text(max_size=200), st.integers(1, 10_000), st.integers(0, 10_000))
def test_no_answer_within_its_limit_costs_more_than_the_worst(text: str, limit: int, tokens: int) -> None:
    prompt_tokens = len(text.encode("utf-8", "replace"))  # a token is at least a byte
    assert MINI.dollars(prompt_tokens, min(tokens, limit)) <= MINI.worst(request(text, limit))


@pytest.mark.parametrize(("name", "price"), PRICES.items(), ids=PRICES)
def test_every_price_has_a_day_and_a_source(name: str, price: Price) -> None:
    assert date(2024, 1, 1) < date.fromisoformat(price.as_of)
    assert price.source.startswith("https://")
    assert 0 < price.input < price.output


def test_a_dated_name_without_a_price_cut_costs_what_its_family_does() -> None:
    for dated, family in (("gpt-4o-mini-2024-07-18", "gpt-4o-mini"), ("o3-mini-2025-01-31", "o3-mini")):
        assert (PRICES[dated].input, PRICES[dated].output) == (PRICES[family].input, PRICES[family].output)


def test_an_own_server_costs_nothing_a_token() -> None:
    assert FREE.worst(request("a" * 1000, 16_384)) == 0.0


@given(AMOUNTS, st.lists(st.tuples(AMOUNTS, st.floats(0.0, 1.0)), max_size=40), st.randoms(use_true_random=False))
def test_calls_never_pass_the_budget(budget: float, calls: list[tuple[float, float]], dice: object) -> None:
    run_budget = Budget(budget)
    under_way: list[tuple[float, float]] = []
    for worst, share in calls:
        if run_budget.reserve(worst):
            under_way.append((worst, worst * share))
        if under_way and dice.random() < 0.5:  # type: ignore[attr-defined]
            reserved, spent = under_way.pop()
            run_budget.settle(reserved, spent)
        assert run_budget.spent <= budget
        assert run_budget.spent + run_budget.reserved <= budget * (1 + 1e-15)  # the sum of two floats is rounded
    for reserved, spent in under_way:
        run_budget.settle(reserved, spent)
    assert run_budget.spent <= budget
    assert run_budget.reserved == 0.0


@given(st.floats(min_value=1e-6, max_value=1e6), AMOUNTS)
def test_a_call_that_does_not_fit_reserves_no_money(budget: float, more: float) -> None:
    run_budget = Budget(budget)
    assert run_budget.reserve(budget / 2)
    assert not run_budget.reserve(budget + more + 1e-6)
    assert run_budget.reserved == pytest.approx(budget / 2)
    run_budget.settle(budget / 2, 0.0)
    assert run_budget.reserve(budget / 2)


def test_many_small_sums_add_up_exactly() -> None:
    run_budget = Budget(1.0)
    assert all(run_budget.reserve(0.1) for _ in range(10))
    assert not run_budget.reserve(1e-9)


def test_machine_time_can_pass_the_budget_and_then_no_call_goes_out() -> None:
    run_budget = Budget(1.0)
    run_budget.book(1.2)
    assert run_budget.spent == pytest.approx(1.2)
    assert not run_budget.reserve(0.0)


def test_without_a_budget_everything_fits() -> None:
    assert Budget().reserve(1e9)


def test_threads_together_never_pass_the_budget() -> None:
    run_budget = Budget(1.0)

    def spend() -> None:
        for _ in range(200):
            if run_budget.reserve(0.01):
                run_budget.settle(0.01, 0.007)

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.98 < run_budget.spent <= 1.0
