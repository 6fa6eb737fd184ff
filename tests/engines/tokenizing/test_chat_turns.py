from collections.abc import Callable, Sequence

import pytest
from tiny_base import conversation

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Conversation, Message
from skyassets.engines.tokenizing.chat_turns import AnswerTurn, Render, answer_turns

END = "<end>"


def plain(change: Callable[[Message], str] = lambda message: message.content, asking: str = "assistant: ") -> Render:
    """A template that writes `role: content<end>`, with `change` of each message in the content's place."""

    def render(messages: Sequence[Message], asks: bool) -> str:
        text = "".join(f"{message.role}: {change(message)}{END}\n" for message in messages)
        return text + (asking if asks else "")

    return render


def only(role: str, text: str) -> Callable[[Message], str]:
    """`text` in place of the content of `role`."""
    return lambda message: text if message.role == role else message.content


def test_the_turns_are_what_the_template_writes() -> None:
    example = conversation("a", "What?", "This.", "Why?", "So.")
    turns = answer_turns(example, plain(), [END])
    assert turns == [
        AnswerTurn(2, f"user: What?{END}\nassistant: ", f"This.{END}\n"),
        AnswerTurn(4, f"user: Why?{END}\nassistant: ", f"So.{END}\n"),
    ]
    assert "".join(turn.prompt + turn.answer for turn in turns) == plain()(example.messages, False)


def test_white_space_around_an_answer_may_be_trimmed_or_added() -> None:
    example = conversation("a", "  What?\n", "\n This. ")
    for change in (lambda message: message.content.strip(), lambda message: f" {message.content}\n"):
        assert answer_turns(example, plain(change), [END])


@pytest.mark.parametrize("answer", ["e", "d", "end", "n", "assistant", ":", "user: What?", ""])
def test_an_answer_that_looks_like_the_templates_words_is_found_where_it_is(answer: str) -> None:
    (turn,) = answer_turns(conversation("a", "What?", answer), plain(), [END])
    assert turn.answer == f"{answer}{END}\n"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (only("assistant", "is so."), r"it leaves out 'This ' \(5 of 11 characters\);"),
        (only("assistant", "This "), r"it leaves out ' is so\.' \(7 of 11 characters\);"),
        (only("assistant", "Thus is so."), r"it leaves out 'i' \(1 of 11 characters\) and adds 'u'"),
        (only("assistant", "Well: This is so."), "it adds 'Well: '"),
        (only("assistant", "This is so. Bye."), "is ended by the chat template with ' Bye"),
        (only("assistant", ""), r"it leaves out 'This is so\.' \(11 of 11"),
    ],
)
def test_a_changed_answer_is_an_error_that_names_the_change(change: Callable[[Message], str], message: str) -> None:
    with pytest.raises(TrainerError, match=f"example a: turn 2.* {message}"):
        answer_turns(conversation("a", "What?", "This is so."), plain(change), [END])


@pytest.mark.parametrize("role", ["system", "user"])
def test_a_message_missing_from_the_prompt_is_an_error(role: str) -> None:
    example = Conversation("a", (Message("system", "Be good."), *conversation("", "What?", "This.").messages))
    with pytest.raises(
        TrainerError, match=rf"turn \d \({role}\) is not in the prompt .* '(Be good\.|What\?)' is missing"
    ):
        answer_turns(example, plain(only(role, "")), [END])


def test_repeated_words_must_occur_as_often_in_the_prompt() -> None:
    example = Conversation("a", (Message("system", "Yes."), *conversation("", "Yes.", "Yes.").messages))
    assert answer_turns(example, plain(), [END])
    with pytest.raises(TrainerError, match=r"turn 2 \(user\)"):
        answer_turns(example, plain(only("system", "")), [END])


def test_an_answer_that_holds_the_end_of_turn_is_an_error() -> None:
    with pytest.raises(TrainerError, match="turn 2 contains the end-of-turn marker '<end>'"):
        answer_turns(conversation("a", "What?", f"This.{END} And this."), plain(), [END])


def test_a_prompt_may_begin_the_answer() -> None:
    (turn,) = answer_turns(conversation("a", "What?", "<think>So.</think>"), plain(asking="assistant: <think>"), [END])
    assert turn.answer == f"So.</think>{END}\n"


def test_a_prompt_that_begins_another_answer_is_an_error() -> None:
    with pytest.raises(TrainerError, match="turn 2: the chat template does not continue its own prompt"):
        answer_turns(conversation("a", "What?", "This."), plain(asking="assistant: <think>"), [END])


def test_a_long_loss_is_quoted_in_part() -> None:
    with pytest.raises(TrainerError) as failure:
        answer_turns(conversation("a", "What?", "x" * 5000 + "y"), plain(only("assistant", "y")), [END])
    assert "(5000 of 5001 characters)" in str(failure.value)
    assert len(str(failure.value)) < 500
