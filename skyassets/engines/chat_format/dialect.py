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
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlsplit

from skyassets.core.ports import Request
from skyassets.engines.chat_format.refusal_text import (
    is_filtered,
    is_limit_too_large,
    is_out_of_range,
    is_too_long,
    names,
    names_a_role,
)

OPENAI_HOSTS = (".openai.com", ".azure.com", ".azure.us", ".azure.cn")
"""Hosts that know `max_completion_tokens`, whose newer models refuse the old name."""
DEFAULT_TOP_P_HOSTS = (
    ".api.anthropic.com", ".api.deepseek.com", ".api.mistral.ai", ".api.groq.com", ".api.x.ai", ".api.moonshot.ai",
)  # fmt: skip
"""Hosts whose default for `top_p` is 1. Elsewhere the default may be the model's own, so 1 is sent."""
NAMES = {
    "max_tokens": ("max_tokens", "max_completion_tokens"),
    "seed": ("seed", "random_seed"),
    "stop": ("stop",),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
}
"""Our name for a parameter to the names that servers have for it, in the order in which they are tried."""
ADAPTED = ("max_tokens", "seed", "top_p", "temperature", "stop")
"""The order in which one of several parameters that a refusal names is adapted."""
CHOSEN = ("top_k", "min_p", "repetition_penalty", "reasoning_effort", "chat_template_kwargs")


@dataclass(frozen=True)
class Dialect:
    """What a server has refused, and with that, how it is written to."""

    refused: frozenset[str] = frozenset()
    """The names of parameters that it does not take."""
    merges_system: bool = False
    """Whether a system message goes in front of the first user message."""
    renames_limit: bool = False
    """Whether `max_completion_tokens` is tried first."""
    defaults: Mapping[str, float] = field(default_factory=dict)
    """The provider's own defaults, which are not sent: some models refuse even these."""

    @classmethod
    def of(cls, base_url: str) -> Self:
        """The dialect to start with."""
        host = f".{urlsplit(base_url).hostname or ''}"
        if host.endswith(OPENAI_HOSTS):
            return cls(renames_limit=True, defaults={"temperature": 1.0, "top_p": 1.0})
        return cls(defaults={"top_p": 1.0} if host.endswith(DEFAULT_TOP_P_HOSTS) else {})

    def body(self, request: Request, model_name: str) -> dict[str, Any]:
        """The JSON body for `request`."""
        sampling = request.sampling
        body: dict[str, Any] = {"model": model_name, "messages": self._messages(request)}
        for ours, value in _parameters(request).items():
            name = self.name(ours)
            if value is not None and name and self.defaults.get(ours) != value:
                body[name] = value
        # A recipe that sets these means them: a server that refuses one stops the run.
        chosen = {name: getattr(sampling, name) for name in CHOSEN}
        return body | {name: value for name, value in chosen.items() if value not in (None, {})} | dict(sampling.extra)

    def name(self, ours: str) -> str | None:
        """The server's name for a parameter; None if it takes none of its names."""
        known = NAMES[ours][:: -1 if ours == "max_tokens" and self.renames_limit else 1]
        return next((name for name in known if name not in self.refused), None)

    def after(self, refusal: str, body: Mapping[str, Any]) -> Self | None:
        """The dialect to use after the server refused `body` with this message; None if nothing can be adapted.

        A parameter is recognised by its name. A refusal of the row's text or of a parameter's value changes nothing.
        """
        if is_filtered(refusal) or is_too_long(refusal) or is_limit_too_large(refusal):
            return None
        if names_a_role(refusal) and any(turn["role"] == "system" for turn in body["messages"]):
            return replace(self, merges_system=True)
        if is_out_of_range(refusal):
            # A value of 1 means that top_p is off; some servers want it left out then.
            is_off = body.get("top_p") == 1 and names("top_p", refusal)
            return replace(self, refused=self.refused | {"top_p"}) if is_off else None
        for ours in ADAPTED:
            name = self.name(ours)
            if name in body and names(str(name), refusal):
                adapted = replace(self, refused=self.refused | {str(name)})
                if ours != "max_tokens" or adapted.name(ours):  # without a limit, a text could cost any amount
                    return adapted
        return None

    def cut(self, text: str, request: Request) -> str:
        """`text` up to the first stop string, where the server is not sent the stop strings."""
        if self.name("stop") is not None:
            return text
        return text[: min((text.index(stop) for stop in request.sampling.stop if stop in text), default=len(text))]

    def changes(self, request: Request) -> str:
        """What was sent differently from what the row's id says, as JSON; empty if nothing was."""
        asked = [ours for ours, value in _parameters(request).items() if value is not None]
        omitted = sorted(ours for ours in asked if self.name(ours) is None)
        changes: dict[str, Any] = {"not sent": omitted} if omitted else {}
        # A batch's requests are kept without their messages.
        if self.merges_system and (not request.messages or any(turn.role == "system" for turn in request.messages)):
            changes["system prompt"] = "in front of the user message"
        return json.dumps(changes) if changes else ""

    def difference(self, before: "Dialect") -> str:
        """What changed since `before`, in words that follow "sent"."""
        if self.merges_system != before.merges_system:
            return "with the system prompt in front of the user message"
        changed = [ours for ours in NAMES if self.name(ours) != before.name(ours)]
        renamed = [f"with {self.name(ours)} instead of {before.name(ours)}" for ours in changed if self.name(ours)]
        omitted = [f"without {ours}" for ours in changed if not self.name(ours)]
        return ", ".join(renamed + omitted)

    def _messages(self, request: Request) -> list[dict[str, str]]:
        turns = [{"role": turn.role, "content": turn.content} for turn in request.messages]
        system = [turn["content"] for turn in turns if turn["role"] == "system"]
        if not (self.merges_system and system):
            return turns
        first, *others = [turn for turn in turns if turn["role"] != "system"]
        return [{**first, "content": "\n\n".join([*system, first["content"]])}, *others]


def _parameters(request: Request) -> dict[str, Any]:
    """The parameters that a server may have other names for, or refuse."""
    sampling = request.sampling
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "seed": request.seed,
        "stop": list(sampling.stop) or None,
    }
