"""Reads the columns of a row with tests. Each function raises MalformedRowError for a value of another type."""

import json
from collections.abc import Mapping, Sequence

from skyassets.stages.problems.pickled_tests import unpacked
from skyassets.stages.problems.row_types import SourceRow


class MalformedRowError(ValueError):
    """A row with unusable tests: the kind of fault, a colon and the details."""


def lines(value: object) -> str:
    """A text, or its lines; a number is converted to its printed form."""
    return "\n".join(map(text, value)) if isinstance(value, list) else text(value)


def text(value: object) -> str:
    """A text, or a number in its printed form."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(value)
    raise MalformedRowError(f"an input or output is no text: {type(value).__name__}")


def pairs(read: Mapping[str, object], given: str, wanted: str) -> list[tuple[str, str]]:
    """The inputs in the entry `given`, each with its output in the entry `wanted`."""
    inputs, outputs = sequence(read, given), sequence(read, wanted)
    if len(inputs) != len(outputs):
        raise MalformedRowError(f"inputs and outputs do not match: {len(inputs)} for {len(outputs)}")
    return list(zip(map(text, inputs), map(text, outputs), strict=True))


def sequence(read: Mapping[str, object], name: str) -> list[object]:
    """The items of a list."""
    value = read.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise malformed(name, "no list")
    return list(value)


def function_name(value: object) -> str:
    """A dotted name; empty if there is none."""
    if value is not None and not (isinstance(value, str) and all(map(str.isidentifier, value.split(".")))):
        raise malformed("the function's name", "no name")
    return value or ""


def required_text(row: SourceRow, name: str) -> str:
    """A text that is not blank."""
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise malformed(name, "no text")
    return value


def mapping(row: SourceRow, name: str) -> Mapping[str, object]:
    """An object, or the JSON of one."""
    value = row.get(name)
    read = parsed(value, name) if isinstance(value, str) else value
    if not isinstance(read, Mapping):
        raise malformed(name, "no object")
    return read


def optional_list(row: SourceRow, name: str) -> list[object]:
    """A list, its JSON, or its JSON packed; empty if there is none."""
    value = row.get(name)
    if isinstance(value, str) and not value.lstrip().startswith("["):
        value = unpacked_text(row, name)
    read = parsed(value, name) if isinstance(value, str) else value
    if read is not None and not isinstance(read, list):
        raise malformed(name, "no list")
    return read or []


def unpacked_text(row: SourceRow, name: str) -> str:
    """The text in a packed pickle."""
    try:
        return unpacked(required_text(row, name))
    except ValueError as error:
        raise malformed(name, str(error)) from error


def parsed(text: str, name: str) -> object:
    """The value of a JSON text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        # This includes whole numbers of more than 4,300 digits.
        raise malformed(name, f"no JSON that can be read ({type(error).__name__})") from error


def malformed(name: str, what: str) -> MalformedRowError:
    """The error for a column that is laid out in another way."""
    return MalformedRowError(f"the tests are laid out otherwise: {name}: {what}")
