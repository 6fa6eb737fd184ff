"""The transformers server, really started: it answers as asked, batches without mixing, and leaves nothing behind."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.leftovers import are_gone, descendants
from engines.small_model import LONGEST, small_model

from skyassets.core.errors import BudgetError, ServerError
from skyassets.core.money import Budget
from skyassets.core.ports import CompletionClient, Message, Model, Reply, Request, Sampling
from skyassets.engines.serving.transformers_server import TransformersServer

pytestmark = pytest.mark.real

MODEL = Model("small/random", "0")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def client(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CompletionClient]:
    server = TransformersServer(lambda _: folder, concurrency=8, logs=tmp_path_factory.mktemp("logs"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")  # so small a model only waits for its second thread
        with server.serve(MODEL, None) as running:
            yield running


def request(question: str, seed: int = 1, temperature: float = 1.0, max_tokens: int = 12, **drawn: object) -> Request:
    sampling = Sampling(temperature, max_tokens, **drawn)  # type: ignore[arg-type]
    return Request(f"{question}/{seed}", MODEL, (Message("user", question),), sampling, seed)


def ask(client: CompletionClient, *requests: Request) -> list[Reply]:
    replies: dict[str, Reply] = {}
    client.ask(requests, lambda reply: replies.update({reply.id: reply}))
    return [replies[request.id] for request in requests]


def test_an_answer_comes_with_its_counts(client: CompletionClient) -> None:
    (reply,) = ask(client, request("Hi"))
    assert reply.error is None
    assert (reply.finish_reason, reply.completion_tokens) == ("length", 12)
    assert reply.prompt_tokens == len("userHiassistant") + 3 + 3  # letters, three marks, three line ends
    assert reply.served_by.startswith("transformers ")


def test_rows_asked_together_say_what_each_says_alone(client: CompletionClient) -> None:
    rows = [request("x" * (7 * n % 40), seed=n, max_tokens=3 + 11 * n % 30, top_p=0.9) for n in range(20)]
    together = ask(client, *rows)
    alone = [ask(client, row)[0] for row in rows]
    assert [reply.text for reply in together] == [reply.text for reply in alone]


def test_samples_of_one_question_say_what_each_says_alone(client: CompletionClient) -> None:
    rows = [request("x" * (n // 4), seed=n, max_tokens=3 + 11 * n % 30, top_p=0.9) for n in range(24)]
    together = ask(client, *rows)
    alone = [ask(client, row)[0] for row in reversed(rows)]
    assert [reply.text for reply in together] == [reply.text for reply in reversed(alone)]


def test_another_seed_says_something_else(client: CompletionClient) -> None:
    first, second = ask(client, request("Hi", seed=1), request("Hi", seed=2))
    assert first.text != second.text


def test_without_temperature_the_seed_does_not_matter(client: CompletionClient) -> None:
    first, second = ask(client, request("Hi", seed=1, temperature=0), request("Hi", seed=2, temperature=0))
    assert first.text == second.text


def test_a_narrow_nucleus_is_the_likeliest_token(client: CompletionClient) -> None:
    (narrow,) = ask(client, request("Hi", top_p=1e-6))
    (greedy,) = ask(client, request("Hi", temperature=0))
    assert narrow.text == greedy.text


def test_a_stop_word_ends_the_text_before_it(client: CompletionClient) -> None:
    (whole,) = ask(client, request("Hi", max_tokens=40))
    word = whole.text[10:12]
    (cut,) = ask(client, request("Hi", max_tokens=40, stop=("never said", word)))
    assert (cut.text, cut.finish_reason) == (whole.text[: whole.text.index(word)], "stop")
    assert cut.completion_tokens < whole.completion_tokens


def test_the_end_token_ends_the_text_and_is_not_in_it(client: CompletionClient) -> None:
    replies = ask(client, *[request("Hi", seed=seed, temperature=3.0, max_tokens=200) for seed in range(12)])
    stopped = [reply for reply in replies if reply.finish_reason == "stop"]
    assert stopped
    assert all("<|im_end|>" not in reply.text and reply.completion_tokens < 200 for reply in stopped)


def test_what_does_not_fit_is_that_rows_error(client: CompletionClient) -> None:
    long, short = ask(client, request("x" * LONGEST), request("x"))
    assert long.error is not None
    assert "maximum context length" in long.error
    assert short.error is None


def test_weights_of_our_own_are_served_instead_until_machine_time_has_used_up_the_budget(
    folder: Path, tmp_path: Path
) -> None:
    run_budget = Budget(1.0)
    server = TransformersServer(lambda _: tmp_path / "not asked for", logs=tmp_path, run_budget=run_budget)
    with server.serve(MODEL, folder) as running:
        assert ask(running, request("Hi"))[0].error is None
        run_budget.book(1.5)
        with pytest.raises(BudgetError, match="budget"):
            ask(running, request("Hi"))


def test_a_folder_that_is_no_model_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    server = TransformersServer(lambda _: tmp_path, logs=tmp_path)
    with pytest.raises(ServerError, match="Error: ") as raised, server.serve(MODEL, None):
        pytest.fail("served")
    assert str(tmp_path / "transformers-") in str(raised.value)


PARENT = """
import sys, time
from pathlib import Path
from skyassets.core.ports import Model
from skyassets.engines.serving.transformers_server import TransformersServer
with TransformersServer(lambda _: Path(sys.argv[1]), logs=Path(sys.argv[2])).serve(Model("small/random", "0"), None):
    print("\\nready", flush=True)
    time.sleep(600)
"""


def test_a_killed_parent_leaves_no_server_behind(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(folder), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert "ready\n" in iter(parent.stdout.readline, "")
        servers = descendants(parent.pid)
        parent.kill()
    assert len(servers) >= 2
    assert are_gone(servers)
