"""The chat templates of model families, with a small tokenizer that has the family's special tokens."""

import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SMOLLM2 = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
    "{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclass(frozen=True)
class Family:
    """The facts about a family that the tests need."""

    name: str
    special: tuple[str, ...]
    eos: str
    end: str
    """The end of a turn."""
    bos: str | None = None
    asks: str = "<|im_start|>assistant\n"
    """The end of a prompt."""


CHATML = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
QWEN = Family("qwen2_5", CHATML, "<|im_end|>", "<|im_end|>")
SMOL = Family("smollm2", CHATML, "<|im_end|>", "<|im_end|>", bos="<|im_start|>")
LLAMA = Family(
    "llama3",
    ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    eos="<|end_of_text|>",
    end="<|eot_id|>",
    bos="<|begin_of_text|>",
    asks="<|start_header_id|>assistant<|end_header_id|>\n\n",
)
GEMMA = Family(
    "gemma",
    ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"),
    eos="<eos>",
    end="<end_of_turn>",
    bos="<bos>",
    asks="<start_of_turn>model\n",
)
QWEN3 = Family("qwen3", CHATML, "<|im_end|>", "<|im_end|>")
R1 = Family(
    "deepseek_r1_distill",
    ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>"),
    eos="<｜end▁of▁sentence｜>",
    end="<｜end▁of▁sentence｜>",
    bos="<｜begin▁of▁sentence｜>",
    asks="<｜Assistant｜><think>\n",
)

GPT_OSS = Family(
    "gptoss",
    ("<|startoftext|>", "<|endoftext|>", "<|return|>", "<|start|>", "<|end|>", "<|channel|>", "<|message|>"),
    eos="<|return|>",
    end="<|return|>",
    bos="<|startoftext|>",
    asks="<|start|>assistant",
)


def template(family: Family) -> str:
    """The family's chat template, as TRL carries it."""
    if family is SMOL:
        return SMOLLM2
    spec = importlib.util.find_spec("trl")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "chat_templates" / f"{family.name}.jinja").read_text(encoding="utf-8")


@functools.cache
def family_tokenizer(family: Family) -> Any:
    """Bytes, a few words, and the family's special tokens; Gemma's splits no text, like the real one."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    if family is GEMMA:
        raw = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
        raw.normalizer = normalizers.Replace(" ", "▁")
        raw.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
        special, alphabet = ["<unk>", *family.special, *(f"<0x{byte:02X}>" for byte in range(256))], ["\n"]
    else:
        raw = Tokenizer(models.BPE())
        raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        raw.decoder = decoders.ByteLevel()
        special, alphabet = list(family.special), pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator(["\n\n user assistant model system What is the answer"] * 9, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, bos_token=family.bos, eos_token=family.eos)
    tokenizer.chat_template = template(family)
    return tokenizer
