"""Tokenizes in a separate process, because a tokenizer imports torch: to count, write or show tokens.

`python -m skyassets.engines.tokenizing.process FOLDER` counts the tokens of the conversations on standard input, or
says why one is unfit; with `--examples FILE --tokens FILE --cutoff N` it writes the token file that the trainer reads;
with `--show` it prints the tokens of one conversation as text. Conversations are read as JSON lines, one at a time, so
memory use does not depend on their number.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from skyassets.core.errors import SkyassetsError, TrainerError
from skyassets.core.ports import Conversation, Message, TokenCount, TokenPiece
from skyassets.core.training.unfit import Unfit
from skyassets.engines.tokenizing.chat_tokenizer import TEMPLATE_DATE, ChatTokenizer
from skyassets.engines.tokenizing.fitting import encode_fitting
from skyassets.engines.tokenizing.token_file import write_examples

MODULE = "skyassets.engines.tokenizing.process"
_DATE_NOTE = (
    f"the student's chat template writes today's date; in every example it is {TEMPLATE_DATE:%d %B %Y}, whenever "
    "that is counted or trained on; only a server writes the real date"
)


def token_lengths(
    folder: Path,
    conversations: Iterable[Conversation],
    allowed: Collection[str] = (),
    log: Callable[[str], None] = lambda line: None,
) -> list[TokenCount | Unfit]:
    """Return how many tokens of each conversation the trainer sees and learns, by the tokenizer in `folder`.

    A conversation with a special token or a turn mark in its text, except `allowed`, gives the reason instead. `log`
    gets what is to be known about the template.

    Raises:
        TrainerError: if the tokenizer cannot be read or no conversation fits its template.
    """
    output = _run("counting tokens", folder, "--allowed", json.dumps(list(allowed)), conversations=conversations)
    *counts, notes = map(json.loads, output.splitlines())
    for note in notes:
        log(note)
    return [Unfit(each) if isinstance(each, str) else TokenCount(*each) for each in counts]


def write_tokens(
    folder: Path, examples_file: Path, tokens_file: Path, cutoff: int, python: str = sys.executable
) -> None:
    """Tokenize the conversations of `examples_file` (see `lines`) into `tokens_file`, for `TokenFile`.

    The file is written atomically.

    Raises:
        TrainerError: if the tokenizer cannot be read, a conversation does not fit its template, is longer than
            `cutoff` tokens or has nothing to learn, or the file cannot be written.
    """
    options = ("--examples", str(examples_file), "--tokens", str(tokens_file), "--cutoff", str(cutoff))
    _run("tokenizing", folder, *options, python=python)


def token_pieces(folder: Path, conversation: Conversation) -> list[TokenPiece]:
    """Return `conversation` as the trainer sees it: text decoded from the tokens, split where the loss mask changes.

    Raises:
        TrainerError: as `token_lengths`.
    """
    output = _run("tokenizing", folder, "--show", conversations=[conversation])
    return [TokenPiece(**piece) for piece in json.loads(output)]


def lines(conversations: Iterable[Conversation]) -> Iterator[str]:
    """Yield each conversation as a line of JSON."""
    return (json.dumps(asdict(each), ensure_ascii=True) + "\n" for each in conversations)


def read(json_lines: Iterable[str]) -> Iterator[Conversation]:
    """Yield the conversations in the output of `lines`."""
    for line in json_lines:
        row = json.loads(line)
        yield Conversation(row["id"], tuple(Message(**turn) for turn in row["messages"]))


def _run(
    doing: str, folder: Path, *options: str, conversations: Iterable[Conversation] = (), python: str = sys.executable
) -> str:
    """Run this module with the conversations as its standard input, and return its output."""
    command = [python, "-m", MODULE, str(folder), *options]
    environment = os.environ | {"TOKENIZERS_PARALLELISM": "true", "HF_HUB_OFFLINE": "1"}
    # Files, not pipes, so that neither process blocks on unread output.
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=errors, text=True, env=environment
        ) as process:
            assert process.stdin is not None
            # If the process stops reading early, its error says why.
            with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
                pipe.writelines(lines(conversations))
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            last = (errors.read().strip().splitlines() or [f"no error output, exit status {process.returncode}"])[-1]
            raise TrainerError(f"{doing} with {folder} failed: {last.removeprefix('TrainerError: ')}")
        return output.read()


def main() -> int:
    """Count, write or show tokens, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a Hugging Face folder with a tokenizer and a chat template")
    parser.add_argument("--examples", type=Path, help="the conversations, as JSON lines; else standard input")
    parser.add_argument("--tokens", type=Path, help="the file to write; without it, tokens are counted")
    parser.add_argument("--cutoff", type=int, default=sys.maxsize, help="the most tokens of an example")
    parser.add_argument("--allowed", type=json.loads, default=[], help="special tokens that texts may contain, in JSON")
    parser.add_argument("--show", action="store_true", help="print the first conversation's tokens as text")
    options = parser.parse_args()
    try:
        with options.examples.open(encoding="utf-8") if options.examples else sys.stdin as file:
            _work(options, read(file))
    except SkyassetsError as error:
        sys.stderr.write(f"TrainerError: {error}\n")
        return 1
    return 0


def _work(options: argparse.Namespace, conversations: Iterator[Conversation]) -> None:
    tokenizer = ChatTokenizer.of(options.folder)
    if options.show:
        pieces = tokenizer.pieces(tokenizer.encode(next(conversations)))
        sys.stdout.write(json.dumps([asdict(piece) for piece in pieces]))
        return
    if options.tokens:
        write_examples(options.tokens, tokenizer.encode_all(conversations), options.cutoff)
        return
    for example in encode_fitting(tokenizer, conversations, options.allowed):
        count = example.reason if isinstance(example, Unfit) else (len(example.tokens), int(example.learned.sum()))
        sys.stdout.write(json.dumps(count) + "\n")
    notes = [_DATE_NOTE] if tokenizer.writes_date else []
    sys.stdout.write(json.dumps(notes) + "\n")


if __name__ == "__main__":
    sys.exit(main())
