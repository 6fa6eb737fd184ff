"""Gives the examiner access to a program, over two pipes: plain data as values, everything else as handles.

Runs inside the sandbox, in the examiner: standard library only. Nothing from the program is executed here, and none of
its objects stands in for a value of the tests.
"""

import builtins
import contextlib
import json
import random
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from skyassets.engines.sandbox.guest import frames
from skyassets.engines.sandbox.guest.codec import DEEPEST, NoPlainDataError, decoded, encoded
from skyassets.engines.sandbox.guest.handle import Handle, Held, handle
from skyassets.engines.sandbox.guest.job import RECEIVED, SENT

LARGEST = 2**24
MUTABLE = (list, dict, set, bytearray, deque)
STREAMS = ("stdout", "stderr")
_READS = ("get", "__getitem__")
_MOST_LENT = 64


class NoAnswerError(BaseException):
    """The program's process gave no usable answer. Tests cannot catch this as an error of the function."""


class UnusableCheckError(BaseException):
    """The tests do something that is not supported."""


class ProgramLink:
    """The examiner's end of the connection. `names` are the program's names that the tests use."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._handles: dict[int, Handle] = {}
        self._exceptions: dict[str, type[BaseException]] = {}
        self._lent: dict[str, tuple[dict[str, object], object, str]] = {}
        self._builtins = dict(vars(builtins))
        self.lost = ""
        """Why the program is gone; empty while it runs."""
        self.unusable = ""
        """What the tests do that is not supported; empty if nothing."""

    def loaded(self) -> dict[str, object]:
        """Wait until the program is loaded, and return what it has under each name; a missing name is left out."""
        self._read(self._answer().get("value"))
        things: dict[str, object] = {}
        for name in self._names:
            with contextlib.suppress(NameError, AttributeError):
                things[name] = self.call("name", None, (name,), {})
        return things

    def seed(self, *arguments: Any, **named: Any) -> None:
        """Seed the program's random numbers along with those of the tests."""
        _SEED(*arguments, **named)
        with contextlib.suppress(UnusableCheckError):
            self.call("seed", None, arguments, named)

    def call(self, do: str, of: int | None, arguments: tuple[object, ...], named: dict[str, object]) -> Any:
        """Have the program do something, and apply its changes to the arguments to ours.

        Raises:
            NoAnswerError: if it gives no answer. What the program raises is raised here as a built-in exception.
            UnusableCheckError: if the tests ask what cannot be asked.
        """
        self._return_lent()
        question: dict[str, object] = {"do": do, "of": of}
        answer = self._ask(question, arguments, named)
        mutable = [own for own in (*arguments, *named.values()) if isinstance(own, MUTABLE)]
        changed = self._read(answer.get("changed", []))
        for own, change in zip(mutable, changed if isinstance(changed, list) else [], strict=False):
            apply_change(own, change)
        if "raised" in answer:
            raise self._error(answer["raised"])
        if isinstance(reason := answer.get("unplain"), str):
            self.lose(f"the program answered with what cannot cross: {reason[:200]}")
        if isinstance(same := answer.get("same"), int) and 0 <= same < len(mutable):
            return mutable[same]
        if isinstance(names := answer.get("exception"), list):
            return self._exception(names)
        value: Any = self._read(answer.get("value"))
        if do in _READS and isinstance(value, MUTABLE):
            self._lend({**question, "with": encoded(arguments, _reference)}, value)
        return value

    def doubt(self, kind: str, claim: str) -> NoReturn:
        """Give up on an object of the program that claims what it cannot know.

        If the tests name its class, they may want just that, which nobody can check; otherwise the program is at fault.
        """
        why = f"the program answered with a {kind}, which {claim}"
        if kind in self._names and kind[:1].isupper():
            self._refuse(why)
        self.lose(why)

    def lose(self, why: str) -> NoReturn:
        """Give up on the program."""
        self.lost = self.lost or why
        raise NoAnswerError(why)

    def _refuse(self, why: str) -> NoReturn:
        self.unusable = self.unusable or why
        raise UnusableCheckError(why)

    def _ask(
        self, question: dict[str, object], arguments: tuple[object, ...], named: dict[str, object]
    ) -> dict[str, Any]:
        if vars(builtins) != self._builtins:
            self._refuse("the tests replace a built-in function, which the program would not see")
        try:
            # Twice as deep, since the tests may wrap what the program has sent.
            given = encoded((arguments, named), _reference, deepest=2 * DEEPEST)
        except NoPlainDataError as error:
            self._refuse(f"the tests give the program what cannot cross: {error}")
        streams = self._streams()
        try:
            frames.write_all(SENT, frames.header({**question, "with": given, "streams": streams}))
        except BrokenPipeError:
            self.lose("the program ended before its tests did")
        answer = self._answer()
        if streams:
            self._use_streams(answer.get("streams"))
        return answer

    def _answer(self) -> dict[str, Any]:
        try:
            answer = frames.read_header(RECEIVED, LARGEST)
        except (ValueError, TypeError, RecursionError) as error:
            self.lose(f"the program sent what is no answer: {type(error).__name__}")
        if answer is None:
            self.lose("the program ended before its tests did")
        return answer

    def _streams(self) -> dict[str, str]:
        """Return the streams that the tests have replaced, with what is left to read from theirs."""
        streams = {name: "" for name in STREAMS if getattr(sys, name) is not getattr(sys, f"__{name}__")}
        if sys.stdin is not sys.__stdin__:
            try:
                at = sys.stdin.tell()
                streams["stdin"] = str(sys.stdin.read())
                sys.stdin.seek(at)
            except (AttributeError, OSError, ValueError) as error:
                self._refuse(f"the tests replace standard input by what cannot cross: {error}")
        return streams

    def _use_streams(self, used: object) -> None:
        """Write what the program has printed to the streams of the tests, and skip what it has read."""
        for name, what in used.items() if isinstance(used, dict) else ():
            if name in STREAMS and isinstance(what, str):
                getattr(sys, name).write(what)
            elif name == "stdin" and isinstance(what, int):
                sys.stdin.read(max(0, what))

    def _lend(self, question: dict[str, object], value: object) -> None:
        with contextlib.suppress(NoPlainDataError):
            self._lent[json.dumps(question)] = (question, value, json.dumps(encoded(value, _reference)))
        if len(self._lent) > _MOST_LENT:
            del self._lent[next(iter(self._lent))]

    def _return_lent(self) -> None:
        """Tell the program what the tests have changed in the data that they got from one of its objects."""
        for key, (question, value, before) in list(self._lent.items()):
            try:
                after = json.dumps(encoded(value, _reference))
            except NoPlainDataError as error:
                self._refuse(f"the tests give the program what cannot cross: {error}")
            if after != before:
                self._lent[key] = (question, value, after)
                self._ask({"do": "change", "of": None}, (json.dumps(question), value), {})

    def _read(self, value: object) -> object:
        try:
            return decoded(value, self._handle)
        except (NoPlainDataError, RecursionError) as error:
            self.lose(f"the program sent what is no plain data: {error}")

    def _handle(self, reference: object) -> Handle:
        match reference:
            case [int(number), str(kind), list(methods), bool(is_of_python)]:
                if number not in self._handles:
                    held = Held(self, number, kind[:80])
                    self._handles[number] = handle(held, tuple(map(str, methods)), is_of_python=is_of_python)
                return self._handles[number]
        raise NoPlainDataError("a reference that is none")

    def _exception(self, names: list[object]) -> type[BaseException]:
        """Return an exception class of our own for one of the program's."""
        name, *bases = map(str, names)
        if name not in self._exceptions:
            self._exceptions[name] = type(name, (self._known(bases),), {})
        return self._exceptions[name]

    def _known(self, names: Sequence[object]) -> type[BaseException]:
        for name in names:
            kind = self._exceptions.get(str(name)) or getattr(builtins, str(name), None)
            if isinstance(kind, type) and issubclass(kind, BaseException):
                return kind
        return RuntimeError

    def _error(self, description: object) -> BaseException:
        """Return an exception of our own for one that the program has raised."""
        match description:
            case [list(names), arguments, str(text), state]:
                kind, given, content = self._known(names), self._read(arguments), self._read(state)
            case _:
                return RuntimeError("the program raised what is no exception")
        error: BaseException
        try:
            error = kind(*given) if isinstance(given, list) else kind()
        except (TypeError, ValueError):
            error = RuntimeError(text)
        if str(error) != text:
            with contextlib.suppress(TypeError, ValueError):
                error = type(kind.__name__, (kind,), {"__str__": lambda self: text})(*error.args)
        for name, value in content.items() if isinstance(content, dict) else ():
            with contextlib.suppress(AttributeError, TypeError):
                setattr(error, str(name), value)
        return error


_SEED: Callable[..., None] = random.seed


def _reference(value: object) -> object:
    if isinstance(value, Handle):
        return value._skyassets_held.reference
    raise NoPlainDataError(f"{type(value).__name__} is no plain data")


def apply_change(value: Any, changed: Any) -> None:
    """Make a mutable value equal to the changed copy of it, and so its parts, where they correspond."""
    if type(value) is not type(changed):
        return
    if isinstance(value, list | deque) and len(value) == len(changed):
        for at, (old, new) in enumerate(zip(tuple(value), changed, strict=True)):
            value[at] = _changed(old, new)
    elif isinstance(value, bytearray):
        value[:] = changed
    elif isinstance(value, dict):
        parts = {key: _changed(value.get(key), new) for key, new in changed.items()}
        value.clear()
        value.update(parts)
    elif isinstance(value, list | deque | set):
        value.clear()
        value.extend(changed) if not isinstance(value, set) else value.update(changed)


def _changed(old: object, new: object) -> object:
    if isinstance(old, MUTABLE) and type(old) is type(new):
        apply_change(old, new)
        return old
    return new
