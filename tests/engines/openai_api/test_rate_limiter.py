"""What keeps a client from sending too much: the concurrency limit, the circuit breaker, the rate limits."""

from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.engines.openai_api.circuit_breaker import FAILURES, LONGEST_COOLING, CircuitBreaker
from skyassets.engines.openai_api.concurrency_limit import ConcurrencyLimiter
from skyassets.engines.openai_api.rate_limiter import RateLimiter, TokenBucket, seconds_of


@given(st.integers(1, 500), st.lists(st.booleans(), max_size=2000))
def test_a_limit_is_never_zero_and_never_more_than_allowed(most: int, outcomes: list[bool]) -> None:
    limiter = ConcurrencyLimiter(most)
    for outcome in outcomes:
        limiter.record(outcome)
        assert 1 <= limiter.size <= most


def test_one_rejection_in_ten_leaves_the_limit_alone() -> None:
    limiter = ConcurrencyLimiter(128)
    for number in range(2000):
        limiter.record(number % 10 == 0)
    assert limiter.size == 128


def test_a_server_that_takes_ten_is_soon_sent_about_ten_and_later_more_again() -> None:
    limiter = ConcurrencyLimiter(128)
    for _ in range(60):
        for place in range(size := limiter.size):
            limiter.record(place >= 10)
        assert limiter.size <= max(size + 1, int(size * 1.1))
    assert 8 <= limiter.size <= 15
    for _ in range(4000):
        limiter.record(False)
    assert limiter.size == 128


def test_a_breaker_opens_after_failures_in_a_row_and_closes_with_an_answer() -> None:
    breaker = CircuitBreaker(cooling=1.0)
    for now in range(FAILURES):
        assert not breaker.is_tripped
        breaker.record_failure(float(now))
    assert breaker.is_tripped
    assert breaker.opens == FAILURES - 1 + 1.0
    breaker.record_success()
    assert (breaker.is_tripped, breaker.opens) == (False, 0.0)


def test_every_failed_trial_doubles_the_pause_up_to_a_limit() -> None:
    breaker = CircuitBreaker(cooling=1.0)
    for _ in range(FAILURES):
        breaker.record_failure(0.0)
    coolings = []
    for _ in range(8):
        now = breaker.opens
        breaker.record_failure(now)
        coolings.append(breaker.opens - now)
    assert coolings == [2.0, 4.0, 8.0, 16.0, *[LONGEST_COOLING] * 4]


def test_those_under_way_when_it_opened_do_not_lengthen_it() -> None:
    breaker = CircuitBreaker(cooling=1.0)
    for _ in range(FAILURES + 100):
        breaker.record_failure(0.0)
    assert breaker.opens == 1.0


@settings(deadline=None)
@given(st.integers(1, 600), st.lists(st.floats(0.0, 9.0), max_size=40))
def test_no_minute_sees_more_than_the_limit_and_a_burst(limit: int, pauses: list[float]) -> None:
    now, sent = 0.0, []
    bucket = TokenBucket(limit, now)
    for pause in pauses:
        now += pause
        while bucket.wait(now) == 0.0:
            bucket.take(1)
            sent.append(now)
    for start in sorted(set(sent)):
        window = [at for at in sent if start <= at < start + 60]
        assert len(window) <= limit + bucket.capacity + 2


def test_after_its_wait_a_bucket_gives() -> None:
    bucket = TokenBucket(60, 0.0)
    bucket.take(30)
    wait = bucket.wait(0.0)
    assert 28 < wait < 30
    assert bucket.wait(wait) == 0.0


def test_a_limit_is_learned_from_headers_and_one_that_was_set_stays() -> None:
    headers = {"x-ratelimit-limit-requests": "6000", "x-ratelimit-limit-tokens": "60000"}
    learned, given_ = RateLimiter(None, None, 0.0), RateLimiter(60, None, 0.0)
    for pace in (learned, given_):
        pace.learn(headers, 0.0)
        for _ in range(10):
            pace.take(1)
    assert learned.wait(0.0) == 0.0
    assert given_.wait(0.0) > 0.0
    learned.take(10_000)
    assert 8.9 < learned.wait(0.0) < 9.1


def test_a_used_up_limit_is_waited_for_until_its_reset() -> None:
    pace = RateLimiter(None, None, 0.0)
    pace.learn({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1.5s"}, 10.0)
    assert pace.wait(10.0) == 1.5
    assert pace.wait(11.5) == 0.0


def test_unused_tokens_of_a_request_are_given_back() -> None:
    pace = RateLimiter(None, 600, 0.0)
    pace.take(5000)
    assert pace.wait(0.0) > 100
    pace.settle(5000, 5)
    assert pace.wait(0.0) == 0.0


def test_durations_are_read_as_openai_writes_them() -> None:
    durations = {"6m0s": 360.0, "20ms": 0.02, "1s": 1.0, "1h2m": 3720.0, "7.66s": 7.66, "3": 3.0, "": 0.0, "soon": 0.0}
    assert {text: seconds_of(text) for text in durations} == durations
