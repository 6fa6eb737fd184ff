"""How one server wants a request to be written: its names for parameters, and what it does not take.

Servers start with the dialect of their host. A refusal that names something we sent changes it, once for all rows.

| refused | sent instead |
| --- | --- |
| `max_tokens` | `max_completion_tokens`, and the other way round |
| `seed` | `random_seed` (Mistral), then none |
| `temperature`, `top_p` | not sent; where a server takes only one of them, the temperature stays |
| `stop` | not sent; the text is cut at the first stop string here |
| a system message | its text in front of the first user message |
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlsplit

from skyassets.core.ports import Request

OPENAI_HOSTS = (".openai.com", ".azure.com")
"""Hosts that know `max_completion_tokens`, whose newer models refuse the old name."""
DEFAULT_TOP_P_HOSTS = (
    ".api.anthropic.com", ".api.deepseek.com", ".api.mistral.ai", ".api.groq.com", ".api.x.ai", ".api.moonshot.ai",
)  # fmt: skip
"""Hosts whose default for `top_p` is 1. Elsewhere the default may be the model's own, so 1 is sent."""
OTHER_NAMES = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
    "seed": "random_seed",
}
OMITTABLE = ("top_p", "temperature", "seed", "random_seed", "stop")
"""What may be left out, in the order in which one of several is chosen."""
CHOSEN = ("top_k", "min_p", "repetition_penalty", "reasoning_effort", "chat_template_kwargs")
_REFUSED = re.compile(
    r"unsupported|not?[_ ]support|n't[_ ]support|unrecogni[sz]ed|unexpected|extra[_ ]|additional propert|not permitted|"
    r"not allowed|not enabled|not accepted|unknown|cannot find|cannot both|can't both|only one of|only specify one|"
    r"deprecated|not a valid|invalid (?:param|argument|field|key)|must alternate|only user and assistant|"
    r"does not accept|not available|must not be (?:set|specified)|only be set|only the default|must be 1\b|"
    r"only .{0,20}allowed|supported (?:value|role)|remove",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(r"context (?:length|window|size)|too (?:long|large|many)|at most|maximum|exceed", re.IGNORECASE)
"""A refusal of this one request's length, although it names the limit."""
_SYSTEM = re.compile(
    r"(?:system|developer)['\"`]? (?:role|message|instruction|prompt|turn)|role.{0,40}\b(?:system|developer)\b|"
    r"['\"`](?:system|developer)['\"`]|roles? must alternate|only user and assistant|messages\[0\]\.role",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Dialect:
    """The names that a server uses instead of ours, and what is left out."""

    names: Mapping[str, str] = field(default_factory=dict)
    omitted: frozenset[str] = frozenset()
    defaults: Mapping[str, float] = field(default_factory=dict)
    """The provider's own defaults, which are not sent: some models refuse even these."""
    merges_system: bool = False

    @classmethod
    def of(cls, base_url: str) -> Self:
        """The dialect to start with."""
        host = f".{urlsplit(base_url).hostname or ''}"
        if host.endswith(OPENAI_HOSTS):
            return cls({"max_tokens": "max_completion_tokens"}, defaults={"temperature": 1.0, "top_p": 1.0})
        return cls(defaults={"top_p": 1.0} if host.endswith(DEFAULT_TOP_P_HOSTS) else {})

    def body(self, request: Request, model_name: str) -> dict[str, Any]:
        """The JSON body for `request`."""
        sampling = request.sampling
        parameters: dict[str, Any] = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": request.seed,
            "stop": list(sampling.stop) or None,
        }
        body: dict[str, Any] = {"model": model_name, "messages": self._messages(request)}
        for ours, value in parameters.items():
            if value is not None and self.defaults.get(ours) != value and not {ours, self._name(ours)} & self.omitted:
                body[self._name(ours)] = value
        # A recipe that sets these means them: a server that refuses one stops the run.
        chosen = {name: getattr(sampling, name) for name in CHOSEN}
        return body | {name: value for name, value in chosen.items() if value} | dict(sampling.extra)

    def after(self, refusal: str, body: Mapping[str, Any]) -> Self | None:
        """The dialect to use after the server refused `body` with this message; None if nothing can be adapted."""
        if not _REFUSED.search(refusal):
            return None
        if _SYSTEM.search(refusal) and any(turn["role"] == "system" for turn in body["messages"]):
            return replace(self, merges_system=True)
        named = [name for name in body if re.search(rf"(?<!\w){name}(?!\w)", refusal)]
        is_length = bool(_TOO_LONG.search(refusal)) and not re.search("unsupported|not support", refusal, re.IGNORECASE)
        for name in OTHER_NAMES:
            if name in named and not is_length and OTHER_NAMES[name] not in self.omitted | {self._ours(name)}:
                return replace(self, names={**self.names, self._ours(name): OTHER_NAMES[name]})
        for name in OMITTABLE:
            if name in named:
                return replace(self, omitted=self.omitted | {name})
        return None

    def cut(self, text: str, request: Request) -> str:
        """`text` up to the first stop string, where the server is not sent the stop strings."""
        if "stop" not in self.omitted:
            return text
        return text[: min((text.index(stop) for stop in request.sampling.stop if stop in text), default=len(text))]

    def changes(self, request: Request) -> str:
        """What was sent differently from what the row's id says, as JSON; empty if nothing was."""
        sampling = request.sampling
        asked = {"seed"} | {
            name for name in ("temperature", "top_p", "stop") if getattr(sampling, name) not in (None, ())
        }
        omitted = sorted({self._ours(name) for name in self.omitted} & asked)
        changes: dict[str, Any] = {"not sent": omitted} if omitted else {}
        # A batch's requests are kept without their messages.
        if self.merges_system and (not request.messages or any(turn.role == "system" for turn in request.messages)):
            changes["system prompt"] = "in front of the user message"
        return json.dumps(changes) if changes else ""

    def difference(self, before: "Dialect") -> str:
        """What changed since `before`, in words that follow "sent"."""
        if self.merges_system != before.merges_system:
            return "with the system prompt in front of the user message"
        if self.omitted != before.omitted:
            return "without " + ", ".join(sorted(self.omitted - before.omitted))
        renamed = [f"{theirs} instead of {ours}" for ours, theirs in self.names.items() if before._name(ours) != theirs]
        return "with " + ", ".join(renamed)

    def _name(self, ours: str) -> str:
        return self.names.get(ours, ours)

    def _ours(self, name: str) -> str:
        return next((ours for ours, theirs in self.names.items() if theirs == name), name)

    def _messages(self, request: Request) -> list[dict[str, str]]:
        turns = [{"role": turn.role, "content": turn.content} for turn in request.messages]
        system = [turn["content"] for turn in turns if turn["role"] == "system"]
        if not (self.merges_system and system):
            return turns
        first, *others = [turn for turn in turns if turn["role"] != "system"]
        return [{**first, "content": "\n\n".join([*system, first["content"]])}, *others]
