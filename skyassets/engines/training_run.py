"""The process that trains: `python -m skyassets.engines.training_run JOB_FOLDER`, alone or once per rank of a launcher.

Reads the job, leaves the curve while it goes and the model at the end, and says in one sentence why it stopped when it
knows. Knows processes and files; the training itself is `training_loop`, imported only when the environment is set,
because OpenMP and DeepSpeed read it once.
"""

import argparse
import os
import socket
import sys
from pathlib import Path

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation
from skyassets.engines.chat_tokens import ChatTokenizer, TokenExample
from skyassets.engines.training_batches import steps_of
from skyassets.engines.training_job import JobFolder, TrainingJob


def main() -> int:
    """Train the job named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = JobFolder(parser.parse_args().folder)
    try:
        job = folder.read_job()
        examples = tokenised(job, folder.read_examples())
        on_gpu = _set_environment()
        from skyassets.engines.training_loop import fit

        fit(job, examples, folder, on_gpu=on_gpu)
    except TrainerError as error:
        folder.failure.write_text(str(error), encoding="utf-8")
        sys.stderr.write(f"TrainerError: {error}\n")
        return 1
    return 0


def tokenised(job: TrainingJob, conversations: list[Conversation]) -> list[TokenExample]:
    """The examples as tokens and masks, all within the plan.

    Raises:
        TrainerError: when one is too long, or the plan does not belong to these examples.
    """
    plan = job.plan
    if plan.method != "full":
        raise TrainerError(f"the plan asks for method {plan.method!r}; this trainer does full fine-tuning: say 'full'")
    if plan.precision not in ("bf16", "fp32"):
        raise TrainerError(f"the plan asks for precision {plan.precision!r}; say 'bf16' or 'fp32'")
    steps = steps_of(len(conversations), plan.epochs, plan.global_batch)
    if not conversations or steps != plan.steps:
        raise TrainerError(
            f"the plan says {plan.steps} steps, but {len(conversations)} examples x {plan.epochs} epochs at "
            f"{plan.global_batch} a step make {steps}; plan again from the examples that are trained on"
        )
    tokenizer = ChatTokenizer.of(job.base)
    examples = [tokenizer.encode(each) for each in conversations]
    for example in examples:
        if len(example.tokens) > plan.cutoff:
            raise TrainerError(
                f"example {example.id} has {len(example.tokens)} tokens, more than the cutoff of {plan.cutoff}; "
                "drop over-long rows before training, nothing is cut here"
            )
    return examples


def _set_environment() -> bool:
    """Name the only rank when no launcher did, and tell DeepSpeed which device there is; True for a GPU."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        alone = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1"}
        alone |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    if "RANK" not in os.environ:
        os.environ.update(alone)
    import torch

    on_gpu = bool(torch.cuda.is_available())
    if not on_gpu:
        os.environ["DS_ACCELERATOR"] = "cpu"
    return on_gpu


if __name__ == "__main__":
    sys.exit(main())
