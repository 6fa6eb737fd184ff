"""A base model small enough to train in seconds, with a tokenizer and a chat template of its own."""

import functools
from pathlib import Path
from typing import Any

from skyassets.core.ports import Conversation, Message, Model
from skyassets.core.training.hardware import Device, Hardware
from skyassets.core.training.spec import Layout, Memory, Saving, Training, TrainPlan
from skyassets.core.training.steps import steps_of, units_of
from skyassets.engines.tokenizing.chat_tokenizer import ChatTokenizer
from skyassets.stages.training import arguments

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

ALONE = Layout()
SELDOM = Saving()


def tokenizer(template: str = TEMPLATE, eos: str = "<|im_end|>") -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet)
    raw.train_from_iterator(["\n\n user assistant system What is the answer"] * 9, trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token=eos, pad_token="<|endoftext|>")
    made.chat_template = template
    return made


def save_tiny_base(folder: Path) -> Path:
    import torch
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    words = tokenizer()
    config = Qwen2Config(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=True,
        eos_token_id=words.eos_token_id,
    )
    model = Qwen2ForCausalLM(config)
    model.generation_config = GenerationConfig(eos_token_id=words.eos_token_id)
    model.to(torch.bfloat16).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def conversation(ident: str, *turns: str) -> Conversation:
    """User and assistant in turn, the user first."""
    return Conversation(ident, tuple(Message(("user", "assistant")[at % 2], text) for at, text in enumerate(turns)))


def sums(count: int) -> list[Conversation]:
    """Examples of different lengths with one easy pattern."""
    return [
        conversation(f"sum-{n}", f"What is {n} + {n}?", f"The answer is {'so ' * (n % 5)}{n + n}.")
        for n in range(count)
    ]


def plan(base: Path, examples: int, layout: Layout = ALONE, saving: Saving = SELDOM, **changed: Any) -> TrainPlan:
    """A plan of the tiny base for `sums(examples)`; `changed` are fields of its `Training`."""
    chosen = {
        "base": Model(str(base), "as it is"),
        "epochs": 2,
        "learning_rate": 0.01,
        "global_batch": 8,
        "cutoff": 256,
        "precision": "bf16",
        "seed": 7,
    } | changed
    training = Training(**chosen)
    units = units_of(token_counts(examples), training) if training.packing else [[each] for each in range(examples)]
    steps = steps_of(len(units), training)
    return TrainPlan(
        training=training,
        layout=layout,
        saving=saving,
        hardware=Hardware(Device("cpu", 24.0, is_gpu=False)),
        examples=examples,
        tokens=0,
        learned_tokens=0,
        steps=steps,
        fill=1.0,
        memory=Memory(0, 0, 0, 0, 0, 0),
        disk_gb=0.0,
        hours=None,
        dollars=None,
        files=arguments.files(training, layout, saving, steps),
        argv=arguments.argv(layout),
    )


@functools.cache
def token_counts(examples: int) -> tuple[int, ...]:
    """Tokens of `sums(examples)` as the trainer sees them."""
    chat = ChatTokenizer(tokenizer())
    return tuple(len(chat.encode(example).tokens) for example in sums(examples))
