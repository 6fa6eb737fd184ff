"""How vLLM would be started: its flags, and each replica's share of the machine. Never starts vLLM."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from skyassets.core.errors import BudgetError, ServerError, SkyassetsError
from skyassets.core.money import Budget
from skyassets.core.ports import Message, Model, Reply, Request, Sampling
from skyassets.engines.serving.vllm_options import FIXED, VllmOptions, publishable, refused
from skyassets.engines.serving.vllm_server import VllmServer, vllm_problem
from skyassets.project.settings import from_environment

MODEL = Model("small/random", "0")
FOLDER = Path("a/folder")
CORES = sorted(os.sched_getaffinity(0))


def server(**options: object) -> VllmServer:
    return VllmServer(lambda _: FOLDER, options=VllmOptions(**options))  # type: ignore[arg-type]


class TinyInItsPlace(VllmServer):
    """Runs the tiny server where vLLM would be; the log of its calls is where the weights would be."""

    def command(self, model: Model, place: Path | str, port: int) -> tuple[str, ...]:
        return (sys.executable, "-m", "fake_server", "--port", str(port), "--log", str(place))


def after(command: tuple[str, ...], flag: str) -> str:
    assert command.count(flag) == 1
    return command[command.index(flag) + 1]


def test_no_default_of_the_models_own_reaches_the_sampling() -> None:
    assert after(server().command(MODEL, FOLDER, 1), "--generation-config") == "vllm"


def test_the_model_is_served_by_its_name_on_this_machine_only() -> None:
    command = server(extra=("--cpu-offload-gb", "4")).command(MODEL, FOLDER, 4321)
    assert str(FOLDER) in command
    assert after(command, "--served-model-name") == "small/random"
    assert after(command, "--host") == "127.0.0.1"
    assert after(command, "--port") == "4321"
    assert command[-2:] == ("--cpu-offload-gb", "4")
    assert not {"--revision", "--dtype", "--max-model-len"} & set(command)


def test_the_options_are_passed_to_vllm() -> None:
    options = {"tensor_parallel": 4, "dtype": "float16", "max_model_len": 20000, "memory_share": 0.85}
    command = server(**options).command(MODEL, FOLDER, 1)
    assert after(command, "--tensor-parallel-size") == "4"
    assert after(command, "--dtype") == "float16"
    assert after(command, "--max-model-len") == "20000"
    assert after(command, "--gpu-memory-utilization") == "0.85"


def test_a_hub_id_is_pinned_to_its_revision_and_may_be_fetched() -> None:
    hub = VllmServer(lambda _: "org/model")
    command = hub.command(Model("org/model", "abc123"), "org/model", 1)
    assert after(command, "--revision") == "abc123"
    assert "HF_HUB_OFFLINE" not in hub.environment("org/model")
    assert hub.environment(FOLDER)["HF_HUB_OFFLINE"] == "1"


def test_importing_the_engine_does_not_import_vllm() -> None:
    heavy = {"vllm", "torch", "openai"}
    program = f"import sys, skyassets.engines.serving.vllm_server; sys.exit(bool({heavy} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_each_replica_has_a_port_a_log_and_a_name_of_its_own() -> None:
    replicas = min(2, len(CORES))
    processes = server(replicas=replicas).processes(MODEL, FOLDER, tuple(range(5000, 5000 + replicas)))
    assert len({process.health_url for process in processes}) == replicas
    assert len({process.log for process in processes}) == replicas
    assert processes[-1].name == f"vllm (small/random) {replicas} of {replicas}"


class TestOnGpus:
    """As the GPU build would be started, decided from what the environment makes visible."""

    @pytest.fixture(autouse=True)
    def gpu_build(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        package = tmp_path / "vllm-0.99.0.dist-info"
        package.mkdir()
        (package / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.99.0\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,2,4,6")

    def test_each_replica_gets_gpus_of_its_own(self) -> None:
        shares = server(replicas=2, tensor_parallel=2).device_shares()
        assert shares == ({"CUDA_VISIBLE_DEVICES": "0,2"}, {"CUDA_VISIBLE_DEVICES": "4,6"})

    def test_a_single_server_is_left_what_is_visible(self) -> None:
        assert server(tensor_parallel=4).device_shares() == ({},)

    def test_more_than_there_are_is_refused_with_both_numbers(self) -> None:
        with pytest.raises(ServerError, match=r"3 replicas with 2 GPUs each take 6 GPUs, and 4 are seen here"):
            server(replicas=3, tensor_parallel=2).device_shares()

    def test_it_is_vllm_serve_that_is_started(self) -> None:
        command = server().command(MODEL, FOLDER, 1)
        assert command[1:5] == ("-m", "vllm.entrypoints.cli.main", "serve", str(FOLDER))
        assert "--enforce-eager" not in command
        assert "--gpu-memory-utilization" not in command


@pytest.mark.skipif(vllm_problem() is not None, reason=f"vllm {vllm_problem()}")
class TestOnTheCpu:
    def test_a_single_server_has_all_cores(self) -> None:
        (share,) = server().device_shares()
        assert share["OMP_NUM_THREADS"] == str(len(CORES))

    def test_a_single_server_runs_the_model_in_its_engines_process(self) -> None:
        (share,) = server().device_shares()
        assert share["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"
        assert after(server().command(MODEL, FOLDER, 1), "--distributed-executor-backend") == "uni"

    def test_prompts_are_shared_in_blocks_that_are_shorter_than_they_are(self) -> None:
        assert after(server().command(MODEL, FOLDER, 1), "--block-size") == "32"

    @pytest.mark.skipif(len(CORES) < 2, reason="one core cannot be shared out")
    def test_replicas_have_cores_of_their_own(self) -> None:
        shares = [share["VLLM_CPU_OMP_THREADS_BIND"] for share in server(replicas=2).device_shares()]
        assert sorted(int(core) for share in shares for core in share.split(",")) == CORES

    def test_more_than_there_are_is_refused_with_both_numbers(self) -> None:
        many = len(CORES) + 1
        with pytest.raises(ServerError, match=f"take {many} cores, and {len(CORES)} are seen here"):
            server(replicas=many).device_shares()

    def test_no_call_goes_out_once_machine_time_has_used_up_the_budget(self, tmp_path: Path) -> None:
        run_budget = Budget(1.0)
        log = tmp_path / "calls.jsonl"
        with TinyInItsPlace(lambda _: log, logs=tmp_path, run_budget=run_budget).serve(MODEL, None) as client:
            replies: list[Reply] = []
            client.ask([Request("before", MODEL, (Message("user", "Hi"),), Sampling(0.0, 8), 1)], replies.append)
            run_budget.book(1.5)
            with pytest.raises(BudgetError, match="budget"):
                client.ask([Request("after", MODEL, (Message("user", "Hi"),), Sampling(0.0, 8), 1)], replies.append)
        assert [reply.id for reply in replies] == ["before"]
        assert [json.loads(line)["model"] for line in log.read_text().splitlines()] == ["small/random"]

    def test_replicas_share_the_memory(self) -> None:
        assert after(server(replicas=2).command(MODEL, FOLDER, 1), "--gpu-memory-utilization") == "0.15"


@pytest.mark.parametrize("flag", sorted(FIXED))
def test_a_flag_that_is_fixed_is_refused_however_it_is_spelled(flag: str) -> None:
    for word in (flag, f"{flag}=7", flag.replace("-", "_").replace("__", "--", 1)):
        if word.startswith("-"):
            assert FIXED[flag] in refused(("--cpu-offload-gb", "4", word, "7"))


def test_the_beginning_of_a_flag_that_is_fixed_is_refused_too() -> None:
    assert refused(("--see=1",))
    assert refused(("--generation",))


@pytest.mark.parametrize(
    "words",
    [
        "--quantization fp8",
        "-q fp8",
        "-qfp8",
        "--quantization-config.bits=4",
        "--hf-overrides.vocab_size 7",
        "--tokenizer other/model",
        "--tokenizer-revision main",
        "--tokenizer-mode slow",
        "--code-revision main",
        "--reasoning-parser-plugin a.py",
        "--structured-outputs-config.reasoning_parser qwen3",
        "--chat-template-content-format openai",
        "--enable-lora",
        "--lora-modules a=b",
        "--kv-cache-dtype fp8",
        "--kv_cache_dtype=fp8",
        "--calculate-kv-scales",
    ],
)
def test_a_flag_that_changes_the_answers_is_refused_with_the_reason(words: str) -> None:
    assert any(reason in refused(tuple(words.split())) for reason in ("no row's id would tell", "the thought out"))


@pytest.mark.parametrize("word", ["-tp2", "-pp2", "-dp2", "-tp=2", "-t"])
def test_a_short_flag_is_refused_with_its_value_glued_on_or_cut_short(word: str) -> None:
    assert "set SKYASSETS_" in refused((word, "2"))


@pytest.mark.parametrize("words", ["--load-format dummy", "--load-format=dummy", "--load_format DUMMY"])
def test_random_weights_are_refused(words: str) -> None:
    assert "the weights would be random" in refused(tuple(words.split()))


@pytest.mark.parametrize(
    "words",
    [
        "--cpu-offload-gb 4",
        "--max-num-batched-tokens=4096",
        "-O3",
        "-ep",
        "--watermark 0.02",
        "--load-format runai_streamer",
        "--speculative-config.method ngram",
        "--enable-prefix-caching --block-size -1",
    ],
)
def test_other_flags_are_taken(words: str) -> None:
    assert not refused(tuple(words.split()))


SECRET = "hf_AbCdEf0123456789"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (f"--hf-token={SECRET}", "export HF_TOKEN"),
        (f"--hf-token {SECRET}", "export HF_TOKEN"),
        (f"--hf_token={SECRET}", "export HF_TOKEN"),
        (f"--hf-tok {SECRET}", "export HF_TOKEN"),
        (f"--api-key={SECRET}", "export secrets"),
        (f"--model-loader-extra-config.s3_secret_access_key={SECRET}", "export secrets"),
        (f"--some-plugin-token {SECRET}", "export secrets"),
    ],
)
def test_a_secret_is_refused_and_not_repeated(words: str, message: str) -> None:
    with pytest.raises(SkyassetsError, match=message) as raised:
        from_environment({"SKYASSETS_VLLM_ARGS": words})
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("words", "published"),
    [
        ("--cpu-offload-gb 4 --max-num-batched-tokens=8k", "--cpu-offload-gb 4 --max-num-batched-tokens=8k"),
        ("-O3 -ep --block-size -1 --ratio=.5e", "-O3 -ep --block-size -1 --ratio=digest:"),
        ("--speculative-config.method ngram --load-format=Safetensors", None),
        ("--async-scheduling --enable-prefix-caching true", None),
    ],
)
def test_flags_numbers_and_known_words_are_shown(words: str, published: str | None) -> None:
    assert publishable(tuple(words.split())).startswith(published or words)


@pytest.mark.parametrize("value", ["alice@corp", "/home/alice/draft", "org/model", "10.0.0.7", "alice", '{"alice": 1}'])
def test_any_other_value_is_shown_as_a_digest_that_shows_changes(value: str) -> None:
    for words in ((f"--otlp-traces-endpoint={value}",), ("--otlp-traces-endpoint", value), (value,)):
        published = publishable(words)
        assert "digest:" in published
        assert "alice" not in published
        assert value not in published
        assert published == publishable(words) != publishable((*words[:-1], f"{words[-1]}x"))


def test_every_option_is_read_from_the_environment() -> None:
    place = from_environment(
        {
            "SKYASSETS_REPLICAS": "2",
            "SKYASSETS_TENSOR_PARALLEL": "4",
            "SKYASSETS_DTYPE": "bfloat16",
            "SKYASSETS_MAX_MODEL_LEN": "20000",
            "SKYASSETS_MEMORY_SHARE": "0.85",
            "SKYASSETS_VLLM_ARGS": "--cpu-offload-gb 4 --speculative-config '{\"a\": 1}'",
        }
    )
    extra = ("--cpu-offload-gb", "4", "--speculative-config", '{"a": 1}')
    assert place.vllm == VllmOptions(2, 4, "bfloat16", 20000, 0.85, extra)
    assert from_environment({}).vllm == VllmOptions()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("REPLICAS", "0", "a whole number of at least 1"),
        ("DTYPE", "int3", "one of auto, bfloat16"),
        ("MAX_MODEL_LEN", "long", "a whole number of at least 1"),
        ("MEMORY_SHARE", "1.5", "a share above 0 and at most 1"),
        ("MEMORY_SHARE", "nan", "a share above 0 and at most 1"),
        ("MEMORY_SHARE", "half", "a share above 0 and at most 1"),
        ("VLLM_ARGS", "--cpu-offload-gb '4", "check its quotes"),
        ("VLLM_ARGS", "--seed 7", "no row's id would tell"),
        ("VLLM_ARGS", "-tp 2", "set SKYASSETS_TENSOR_PARALLEL"),
    ],
)
def test_an_invalid_value_is_named_with_the_valid_ones(name: str, value: str, message: str) -> None:
    with pytest.raises(SkyassetsError, match=message) as raised:
        from_environment({f"SKYASSETS_{name}": value})
    assert str(raised.value).startswith(f"SKYASSETS_{name}")
