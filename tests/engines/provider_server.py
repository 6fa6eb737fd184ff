"""Answers as model providers do: `python provider_server.py`; prints its port. Standard library and the fake model.

The first part of the path is the mode: `http://127.0.0.1:PORT/MODE/v1`. `PORT/MODE/seen` has the calls of a mode and
its last body. The modes are the functions of `MODES`: each gets the body and the answer of a plain OpenAI server.
"""

import gzip
import json
import threading
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

from skyassets.engines.fake.model import FakeModel

Body = dict[str, Any]
Answer = tuple[int, Any]


CALLED: set[str] = set()


def is_third(content: str) -> bool:
    """Whether a row is one of a third of all rows, by its last message."""
    return zlib.crc32(content.encode()) % 3 == 0


def is_first(mode: str, body: Body) -> bool:
    """Whether this is the first call for one of a third of the rows."""
    row = f"{mode} {body['seed']} {body['messages']}"
    is_new = row not in CALLED
    CALLED.add(row)
    return is_new and is_third(body["messages"][-1]["content"])


def error(status: int, message: str, **more: Any) -> Answer:
    return status, {"error": {"message": message, "type": "invalid_request_error", **more}}


def ended(reason: Any) -> Callable[[Body, Body], Answer]:
    def mode(body: Body, plain: Body) -> Answer:
        plain["choices"][0]["finish_reason"] = reason
        return 200, plain

    return mode


def refuses(
    *names: str, status: int = 400, say: str = "Unsupported parameter: '{}' is not supported with this model."
) -> Callable[[Body, Body], Answer]:
    def mode(body: Body, plain: Body) -> Answer:
        wrong = next((name for name in names if name in body), None)
        return error(status, say.format(wrong), param=wrong) if wrong else (200, plain)

    return mode


def reasoning_model(body: Body, plain: Body) -> Answer:
    """OpenAI's o-series and GPT-5, also behind a relay."""
    if "max_tokens" in body:
        say = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
        return error(400, say, param="max_tokens", code="unsupported_parameter")
    if body.get("temperature", 1) != 1:
        say = "Unsupported value: 'temperature' does not support 0.7. Only the default (1) value is supported."
        return error(400, say, param="temperature", code="unsupported_value")
    return 200, plain


def claude(body: Body, plain: Body) -> Answer:
    if "temperature" in body and "top_p" in body:
        return error(400, "`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    return 200, plain


def mistral(body: Body, plain: Body) -> Answer:
    if "seed" in body:
        fault = {
            "type": "extra_forbidden",
            "loc": ["body", "seed"],
            "msg": "Extra inputs are not permitted",
            "input": body["seed"],
        }
        return 422, {"object": "error", "message": {"detail": [fault]}, "type": "invalid_request_error"}
    return 200, plain


def gemini(body: Body, plain: Body) -> Answer:
    if "seed" in body:
        say = 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'
        details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"description": say}]}]
        return 400, [{"error": {"code": 400, "message": say, "status": "INVALID_ARGUMENT", "details": details}}]
    return ended("STOP")(body, plain)


def no_system(body: Body, plain: Body) -> Answer:
    if any(turn["role"] == "system" for turn in body["messages"]):
        return error(400, "System role not supported")
    return 200, plain


def in_parts(body: Body, plain: Body) -> Answer:
    message = plain["choices"][0]["message"]
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "I think about it."}]}
    message["content"] = [thought, {"type": "text", "text": message["content"]}]
    return 200, plain


def reasoning_details(body: Body, plain: Body) -> Answer:
    message = plain["choices"][0]["message"]
    message["reasoning_details"] = [{"type": "reasoning.text", "text": "I think about it."}]
    return 200, plain


def out_of_order(body: Body, plain: Body) -> Answer:
    other = {"index": 1, "finish_reason": "stop", "message": {"role": "assistant", "content": "the second answer"}}
    plain["choices"] = [other, *plain["choices"]]
    return 200, plain


def error_in_200(code: Any, always: bool = False) -> Callable[[Body, Body], Answer]:
    def mode(body: Body, plain: Body) -> Answer:
        if always or is_first(str(code), body):
            return 200, {"error": {"message": "Provider returned error", "code": code, "metadata": {"raw": "upstream"}}}
        return 200, plain

    return mode


def error_in_choice(body: Body, plain: Body) -> Answer:
    if is_first("choice", body):
        plain["choices"][0] |= {"error": {"message": "overloaded", "code": 502}, "finish_reason": "error"}
    return 200, plain


def empty_at_times(body: Body, plain: Body) -> Answer:
    if is_first("empty", body):
        plain["choices"][0]["message"]["content"] = ""
    return 200, plain


def refusal(body: Body, plain: Body) -> Answer:
    plain["choices"][0]["message"] = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
    return 200, plain


def failing(answer: Callable[[Body], Any]) -> Callable[[Body, Body], Answer]:
    """For a third of the rows, the same useless answer at every call."""

    def mode(body: Body, plain: Body) -> Answer:
        row = f"{body.get('seed')} {body['messages']}"
        return 200, answer(plain) if zlib.crc32(row.encode()) % 3 == 0 else plain

    return mode


def without_text(plain: Body) -> Body:
    plain["choices"][0]["message"]["content"] = ""
    return plain


def tool_call(body: Body, plain: Body) -> Answer:
    call = {"id": "1", "type": "function", "function": {"name": "python", "arguments": "{}"}}
    plain["choices"][0] |= {
        "message": {"role": "assistant", "content": None, "tool_calls": [call]},
        "finish_reason": "tool_calls",
    }
    return 200, plain


def relay(body: Body, plain: Body) -> Answer:
    """A relay that passes the words of the provider behind it on as text: here a reasoning model's."""
    status, fault = reasoning_model(body, plain)
    if status == 200:
        return status, fault
    behind = {"raw": json.dumps(fault), "provider_name": "OpenAI"}
    return status, {"error": {"message": "Provider returned error", "code": status, "metadata": behind}}


def some_flagged(body: Body, plain: Body) -> Answer:
    """A filter that refuses a third of the rows with the status of a forbidden key."""
    if is_third(body["messages"][-1]["content"]):
        return error(403, "Your input was flagged by moderation.", metadata={"reasons": ["violence"]})
    return 200, plain


def jinja(body: Body, plain: Body) -> Answer:
    """A server whose chat template raises, which it reports as its own fault."""
    if any(turn["role"] == "system" for turn in body["messages"]):
        return error(500, "jinja2.exceptions.TemplateError: Conversation roles must alternate user/assistant/...")
    return 200, plain


def hidden_thought(body: Body, plain: Body) -> Answer:
    """Tokens of a thought are in the total alone."""
    plain["usage"]["total_tokens"] += 100
    return 200, plain


def broken_off_at_times(body: Body, plain: Body) -> Answer:
    if is_first("broken off", body):
        plain["choices"][0] |= {"finish_reason": "insufficient_system_resource"}
    return 200, plain


def only_thought_at_times(body: Body, plain: Body) -> Answer:
    if is_first("only thought", body):
        plain["choices"][0]["message"] = {"role": "assistant", "content": None, "reasoning_content": "I think."}
    return 200, plain


def busy_in_words(body: Body, plain: Body) -> Answer:
    if is_first("busy", body):
        return 200, {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}, "choices": None}
    plain["base_resp"] = {"status_code": 0, "status_msg": ""}
    return 200, plain


def one_row_refused(body: Body, plain: Body) -> Answer:
    """A parameter is refused for some rows only, as by one of several providers behind a relay."""
    is_one = is_third(body["messages"][-1]["content"])
    return refuses("seed", "random_seed")(body, plain) if is_one else (200, plain)


def runs_out(body: Body, plain: Body) -> Answer:
    """An account that reaches its limit after twenty answers."""
    CALLED.add(f"runs out {body['seed']} {body['messages']}")
    if sum(row.startswith("runs out") for row in CALLED) > 20:
        return error(400, "You have reached your specified API usage limits. You will regain access on 2027-01-01.")
    return 200, plain


def refuses_later(body: Body, plain: Body) -> Answer:
    """A server that refuses everything after a few answers, with words that nobody knows."""
    CALLED.add(f"later {body['seed']} {body['messages']}")
    if sum(row.startswith("later") for row in CALLED) > 4:
        return error(400, "The quarterly window is closed.")
    return 200, plain


def some_always_fail(body: Body, plain: Body) -> Answer:
    """A gateway whose time limit ends a third of the rows, at every attempt."""
    return error(524, "a timeout occurred") if is_third(body["messages"][-1]["content"]) else (200, plain)


def repeats_the_question(body: Body, plain: Body) -> Answer:
    return (
        error(422, f"cannot answer {body['messages'][-1]['content']!r}") if is_first("repeats", body) else (200, plain)
    )


def only_thought(body: Body, plain: Body) -> Answer:
    message = plain["choices"][0]["message"]
    plain["choices"][0]["message"] = {"role": "assistant", "content": None, "reasoning_content": message["content"]}
    return 200, plain


MODES: dict[str, Callable[[Body, Body], Answer]] = {
    "plain": lambda body, plain: (200, plain),
    "together": ended("eos"),
    "tgi": ended("eos_token"),
    "end": ended("end"),
    "anthropic-words": ended("end_turn"),
    "null": ended(None),
    "gemini": gemini,
    "new-word": ended("satisfied"),
    "o-series": reasoning_model,
    "claude": claude,
    "mistral": mistral,
    "no-seed": refuses("seed", "random_seed", say="Unrecognized request argument supplied: {}"),
    "no-temperature": refuses("temperature", say="`{}` is deprecated for this model."),
    "no-system": no_system,
    "no-stop": refuses("stop", say="Argument not supported on this model: {}"),
    "no-top-k": refuses("top_k", say="Unrecognized request argument supplied: {}"),
    "old-limit": refuses("max_completion_tokens", status=422, say="Extra inputs are not permitted: {}"),
    "refuses-everything": lambda body, plain: error(400, "This model is retired; see https://example.com/models"),
    "flags-everything": lambda body, plain: error(400, "This prompt was flagged by our safety system."),
    "no-credit-in-200": error_in_200(402, always=True),
    "rate-limit-in-200": error_in_200(429),
    "bad-gateway-in-200": error_in_200(502),
    "error-in-choice": error_in_choice,
    "magistral": in_parts,
    "reasoning-details": reasoning_details,
    "out-of-order": out_of_order,
    "empty-at-times": empty_at_times,
    "refusal": refusal,
    "tool-call": tool_call,
    "relay": relay,
    "some-flagged": some_flagged,
    "jinja": jinja,
    "hidden-thought": hidden_thought,
    "broken-off-at-times": broken_off_at_times,
    "only-thought-at-times": only_thought_at_times,
    "busy-in-words": busy_in_words,
    "one-row-refused": one_row_refused,
    "no-credit-as-400": lambda body, plain: error(400, "Your credit balance is too low to access the API."),
    "no-credit-as-429": lambda body, plain: error(429, "Insufficient balance or no resource package", code="1113"),
    "limit-too-large": lambda body, plain: error(
        400, f"max_tokens: {body['max_tokens']} > 16, which is the maximum number of output tokens for this model"
    ),
    "names-temperature": refuses("temperature", say="{}: use the value that the model was tuned for"),
    "always-empty": failing(without_text),
    "too-large": failing(lambda plain: b" " * (65 << 20)),
    "no-completion": failing(lambda plain: {**plain, "choices": []}),
    "runs-out": runs_out,
    "refuses-one": lambda body, plain: (
        error(400, "not this one") if body["messages"][-1]["content"] == "refuse me" else (200, plain)
    ),
    "refuses-later": refuses_later,
    "some-always-fail": some_always_fail,
    "repeats-the-question": repeats_the_question,
    "only-thought": only_thought,
    "tgi-top-p": lambda body, plain: (
        error(422, "`top_p` must be > 0.0 and < 1.0") if body.get("top_p") == 1 else (200, plain)
    ),
    "web-page": lambda body, plain: (200, b"<!DOCTYPE html><html><body>Welcome</body></html>"),
    "web-page-501": lambda body, plain: (501, b"<html><body>Unsupported method</body></html>"),
    "web-page-at-times": lambda body, plain: (200, b"<html>Wait</html>") if is_first("page", body) else (200, plain),
    "always-broken-off": ended("network_error"),
    "no-completion-at-all": lambda body, plain: (200, {**plain, "choices": []}),
    "cut-json": failing(lambda plain: b'{"id": "x", "cho'),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    lock = threading.Lock()
    calls: ClassVar[dict[str, int]] = {}
    last: ClassVar[dict[str, Body]] = {}

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        mode, _, rest = urlsplit(self.path).path.strip("/").partition("/")
        if rest == "seen":
            self.send(200, {"calls": self.calls.get(mode, 0), "last": self.last.get(mode)})
        else:
            self.send(404, {"error": {"message": "no list"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        place = urlsplit(self.path)
        mode = place.path.strip("/").partition("/")[0]
        with self.lock:
            self.calls[mode] = self.calls.get(mode, 0) + 1
            self.last[mode] = body | {"": {"path": self.path, "headers": dict(self.headers)}}
        special = getattr(self, f"do_{mode.replace('-', '_')}", None)
        if special is not None:
            special(body)
        else:
            self.send(*MODES[mode](body, self.plain(body)))

    def plain(self, body: Body) -> Body:
        """What OpenAI would answer, with the fake model's text."""
        text = FakeModel().answer(body["messages"], body.get("seed") or 0, body.get("temperature", 1) or 0)
        words = len(text.split())
        prompt = sum(len(turn["content"].split()) for turn in body["messages"])
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": prompt, "completion_tokens": words, "total_tokens": prompt + words}
        return {"id": "x", "object": "chat.completion", "model": body["model"], "choices": [choice], "usage": usage}

    def do_redirect(self, body: Body) -> None:
        self.send(307, {}, {"Location": f"http://localhost:{self.server.server_port}/plain/v1/chat/completions"})  # type: ignore[attr-defined]

    def do_azure(self, body: Body) -> None:
        """Azure's deployments: the version is in the query, the key in a header of its own."""
        is_known = "api-version=2024-10-21" in urlsplit(self.path).query and self.headers["api-key"] == "azure-key"
        if urlsplit(self.path).path != "/azure/openai/deployments/mine/chat/completions":
            self.send(404, {"error": {"code": "404", "message": "Resource not found"}})
        elif not is_known or self.headers["Authorization"]:
            self.send(401, {"error": {"code": "401", "message": "Access denied due to invalid subscription key"}})
        else:
            self.send(200, self.plain(body))

    def do_echo(self, body: Body) -> None:
        """An error that ends in the middle of the key where messages are cut."""
        key = self.headers["Authorization"]
        self.send(*error(400, "x" * 470 + key + "y" * 100))

    def do_mirror(self, body: Body) -> None:
        """An error that repeats the URL and the key."""
        self.send(*error(400, f"cannot serve {self.path} with {self.headers['Authorization']}"))

    def do_redirect_back(self, body: Body) -> None:
        """A login page that is told where the caller came from, and with which key."""
        key = str(self.headers["Authorization"]).removeprefix("Bearer ")
        self.send(302, {}, {"Location": f"https://login.example/{key}?back={self.path}"})

    def do_no_http(self, body: Body) -> None:
        self.wfile.write(b"this is no HTTP\r\n\r\n")
        self.close_connection = True

    def do_digits(self, body: Body) -> None:
        many = {"x-ratelimit-limit-requests": "9" * 5000, "x-ratelimit-limit-tokens": "9" * 400}
        reset = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "0" * 300 + "ms"}
        self.send(200, self.plain(body), {**many, **reset})

    def do_bomb(self, body: Body) -> None:
        self.send(200, gzip.compress(b" " * 400_000_000), {"Content-Encoding": "gzip"})

    def send(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in {
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            **(headers or {}),
        }.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that closed the connection."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
