"""What a server's answer means, whatever form it has."""

import json
from typing import Any

import pytest

from skyassets.core.ports import Message, Model, Request, Sampling
from skyassets.engines.chat_format.error_body import WEB_PAGE, error_in, error_of
from skyassets.engines.chat_format.reply import ErrorInAnswerError, UnusableError, reply_of

REQUEST = Request("r", Model("m", "1"), (Message("user", "Hi"),), Sampling(0.7, 100), seed=0)
USAGE = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def answer(message: dict[str, Any], reason: Any = "stop", /, **more: Any) -> bytes:
    return json.dumps({"choices": [{"message": message, "finish_reason": reason}], "usage": USAGE} | more).encode()


@pytest.mark.parametrize(
    ("content", "text", "reason"),
    [
        (answer({"content": "4"}), "4", "stop"),
        (answer({"content": "4"}, {"type": "stop"}), "4", "stop"),
        (answer({"content": "4"}, "endTurn"), "4", "stop"),
        (answer({"content": "4"}, "max-tokens"), "4", "length"),
        (answer({"content": None}, "length"), "", "length"),
        (answer({"content": "4", "reasoning": "hm"}), "<think>\nhm\n</think>\n4", "stop"),
        (answer({"content": None, "reasoning": "hm"}, "length"), "<think>\nhm", "length"),
        (answer({"content": None, "refusal": "No."}), "No.", "refusal"),
        (answer({"content": None}, "SAFETY"), "", "content_filter"),
        (answer({"content": "4"}, base_resp={"status_code": 0, "status_msg": ""}), "4", "stop"),
        (answer({"content": "4"}, code=200, message="success"), "4", "stop"),
        (answer({"content": "4"}, error=None), "4", "stop"),
    ],
)
def test_a_completion_is_read(content: bytes, text: str, reason: str) -> None:
    reply = reply_of(REQUEST, content, 1.0, "x")
    assert (reply.text, reply.finish_reason, reply.completion_tokens) == (text, reason, 3)


@pytest.mark.parametrize(
    ("content", "may_pass", "words"),
    [
        (answer({"content": " "}), True, "an empty text"),
        (answer({"content": "", "reasoning_content": "hm"}), True, "reasoning and no text"),
        (answer({"content": "half"}, "abort"), True, "broke the answer off"),
        (answer({"content": "half"}, "insufficient_system_resource"), True, "broke the answer off"),
        (answer({"content": None}, "error"), True, "broke the answer off"),
        (answer({"role": "assistant"}, "satisfied"), False, "no text"),
        (answer({"role": "assistant"}), True, "an empty text"),
        (answer({"content": None}), True, "an empty text"),
        (b'{"choices": []}', False, "no completion"),
        (b"[1, 2]", False, "no completion"),
        (b'"text"', False, "no completion"),
        (b'{"choices": [{"message": null}]}', False, "no completion"),
    ],
)
def test_an_answer_without_a_completion_says_what_is_missing(content: bytes, may_pass: bool, words: str) -> None:
    with pytest.raises(UnusableError, match=words) as raised:
        reply_of(REQUEST, content, 1.0, "x")
    assert (raised.value.is_empty or raised.value.is_broken_off) is may_pass


def test_no_tokens_beside_a_text_are_unknown_and_not_free() -> None:
    reply = reply_of(REQUEST, answer({"content": "4"}, usage={"prompt_tokens": 0, "completion_tokens": 0}), 1.0, "x")
    assert reply.dollars is None


RAW = json.dumps({"error": {"message": "Unsupported parameter: 'seed'", "param": "seed"}})


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"error": {"message": "busy", "code": 502}}, "busy", "502"),
        ({"error": {"message": "busy", "code": 502}, "choices": [{"message": {"content": "x"}}]}, "busy", "502"),
        ({"error": "busy"}, "busy", ""),
        ({"error": {"message": "no", "code": 400, "metadata": {"raw": RAW}}},
         "no (Unsupported parameter: 'seed')", "400"),
        ({"error": {"message": "no", "type": "invalid_request_error", "param": "seed"}},
         "no (param: seed)", "invalid_request_error"),
        ([{"error": {"message": "bad", "code": 400, "status": "INVALID_ARGUMENT"}}], "bad", "400"),
        ({"object": "error", "message": {"detail": [{"loc": ["body", "seed"], "msg": "Extra", "input": "long"}]}},
         "Extra (loc: body.seed)", ""),
        ({"detail": [{"loc": ["body", "seed"], "msg": "Extra"}]}, "Extra (loc: body.seed)", ""),
        ({"detail": "Model not found"}, "Model not found", ""),
        ([{"error": {"code": 400, "message": "Unknown name", "details": [
            {"@type": "BadRequest", "fieldViolations": [{"description": "Unknown name: Cannot find field."}]}]}}],
         "Unknown name (BadRequest, Unknown name: Cannot find field.)", "400"),
        ({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}, "choices": None},
         "insufficient balance", "1008"),
        ({"code": 20012, "message": "Model does not exist", "data": None}, "Model does not exist", "20012"),
        ({"error_code": 17, "error_msg": "daily limit"}, "daily limit", "17"),
        ({"errors": [{"message": "a", "code": 7000}], "success": False}, "a", "7000"),
    ],
)  # fmt: skip
def test_an_error_is_read_in_every_form_and_with_what_it_names(body: Any, message: str, code: str) -> None:
    error = error_in(body)
    assert error is not None
    assert (error.message, error.code) == (message, code)
    assert error_of(json.dumps(body).encode(), "Bad Request") == error
    with pytest.raises(ErrorInAnswerError, match=r".+"):
        reply_of(REQUEST, json.dumps(body).encode(), 1.0, "x")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "Bad Gateway"), (b"<p>no</p>", "<p>no</p>"), (b"<html>no</html>", WEB_PAGE), (b"{}", "{}"),
     (b'{"message": "no"}', "no"),
     (b"[" * 100_000, "[" * 5000), (b"\xff", "�")],
)  # fmt: skip
def test_a_failed_response_without_an_error_object_is_quoted(content: bytes, message: str) -> None:
    assert error_of(content, "Bad Gateway").message == message
