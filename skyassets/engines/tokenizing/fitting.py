"""Examples that the student can be trained on, and why the others cannot be. Decides no token of the former."""

from collections.abc import Collection, Iterable, Iterator

from skyassets.core.batches import batches
from skyassets.core.ports import Conversation
from skyassets.core.training.unfit import Unfit
from skyassets.engines.tokenizing.chat_tokenizer import BATCH_CHARACTERS, ChatTokenizer, characters
from skyassets.engines.tokenizing.chat_turns import UnfitExampleError
from skyassets.engines.tokenizing.special_tokens import SpecialTokens
from skyassets.engines.tokenizing.token_file import TokenExample


def encode_fitting(
    chat: ChatTokenizer, conversations: Iterable[Conversation], allowed: Collection[str] = ()
) -> Iterator[TokenExample | Unfit]:
    """Encode many conversations, in order; one that the student cannot be trained on gives the reason.

    A message must not contain a special token of the tokenizer or a turn mark of the template, except `allowed`.

    Raises:
        TrainerError: if the template or the tokenizer fits no conversation at all.
    """
    special = SpecialTokens(chat, allowed)
    refused, has_encoded = None, False
    for batch in batches(conversations, characters, BATCH_CHARACTERS):
        faults = special.faults(batch)
        encoded = chat.encode_each([one for one, fault in zip(batch, faults, strict=True) if fault is None])
        for conversation, fault in zip(batch, faults, strict=True):
            example = Unfit(fault) if fault is not None else next(encoded)
            has_encoded = has_encoded or isinstance(example, TokenExample)
            if isinstance(example, UnfitExampleError):
                refused = refused or example
                example = Unfit(str(example).removeprefix(f"example {conversation.id}: "))
            yield example
    if refused is not None and not has_encoded:
        raise refused
