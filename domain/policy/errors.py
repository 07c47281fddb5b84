"""What is wrong with a policy file: the line, the key, the fault and what to write instead."""

import re
import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from textwrap import shorten
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from domain.policy.lines import Path, line_of
from domain.record import Record

_SYNTAX_LINE = re.compile(r"(.*) \(at line (\d+), column \d+\)")
_NAMED_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*): (.+)", re.DOTALL)
_WHOLE_NUMBER = "write a whole number"
_ADD = "add it"
_ADVICE = {
    "int_type": _WHOLE_NUMBER,
    "bool_type": "write true or false",
    "string_type": "write a text in quotes",
    "tuple_type": 'write a list, such as ["a", "b"]',
    "dict_type": "write a table",
    "model_type": "write a table",
    "time_delta_parsing": "write a duration in ISO 8601, such as PT48H or P7D",
    "date_type": "write a date without quotes, such as 2026-11-11",
}


class PolicyProblem(Record):
    """One fault of a policy file.

    Attributes:
        line: Counted from 1; where a key is missing, the line of its table.
        key: The key with the tables that it is in, such as ``clocks.inspection``; empty for the whole file.
        problem: What is wrong.
        advice: What to write instead; empty where the problem says it.
    """

    line: int
    key: str
    problem: str
    advice: str = ""

    def __str__(self) -> str:
        """Tell the fault in one line."""
        key = f"{self.key}: " if self.key else ""
        advice = f"; {self.advice}" if self.advice else ""
        return f"line {self.line}: {key}{self.problem}{advice}"


class PolicyRefused(ValueError):
    """A policy file that cannot be used; `problems` are in the order of the lines."""

    def __init__(self, problems: Sequence[PolicyProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("; ".join(map(str, self.problems)))


def syntax_problem(error: tomllib.TOMLDecodeError, text: str) -> PolicyProblem:
    """Tell why a text is not TOML."""
    found = _SYNTAX_LINE.fullmatch(str(error))
    if found:
        return PolicyProblem(line=int(found[2]), key="", problem=found[1].lower(), advice="see toml.io")
    return PolicyProblem(line=text.rstrip().count("\n") + 1, key="", problem=str(error).lower())


def model_problems(error: ValidationError, text: str, model: type[BaseModel]) -> list[PolicyProblem]:
    """Tell how the content of a text differs from the model of a policy."""
    problems = [_problem(dict(each), text, model) for each in error.errors(include_url=False)]
    # A misspelt key counts as missing as well, which only confuses.
    advised = {problem.advice for problem in problems}
    return [
        problem
        for problem in problems
        if problem.advice != _ADD or f"write {problem.key.rpartition('.')[2]}" not in advised
    ]


def _problem(error: dict[str, Any], text: str, model: type[BaseModel]) -> PolicyProblem:
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    problem, advice = _tell(error, path, model)
    # A rule over several keys of a table begins with the key that it is about.
    if error["type"] == "value_error" and (named := _NAMED_KEY.fullmatch(problem)):
        parts = (int(part) if part.isdecimal() else part for part in named[1].split("."))
        path, problem = (*path, *parts), named[2]
    return PolicyProblem(line=line_of(text, path), key=".".join(map(str, path)), problem=problem, advice=advice)


def _tell(error: dict[str, Any], path: Path, model: type[BaseModel]) -> tuple[str, str]:
    context = error.get("ctx", {})
    given = error["input"]
    match error["type"]:
        case "missing":
            return "is missing", _ADD
        case "extra_forbidden":
            return "is no key of a policy", _known_keys(path, model)
        case "greater_than_equal":
            return f"is {given}", f"write {context['ge']} or more"
        case "greater_than":
            return f"is {given}", f"write more than {context['gt']}"
        case "less_than_equal":
            return f"is {given}", f"write {context['le']} or less"
        case "enum" | "literal_error":
            return f"is {shorten(repr(given), 60)}", f"write one of {context['expected']}"
        case "too_short":
            return "names nothing", "name at least one"
        case "value_error":
            return str(context["error"]), ""
        case kind:
            return f"is {shorten(repr(given), 60)}: {error['msg'].lower()}", _ADVICE.get(kind, "")


def _known_keys(path: Path, model: type[BaseModel]) -> str:
    """Offer the key that was probably meant, or all that the table takes."""
    known = list(_model_at(path[:-1], model).model_fields)
    close = get_close_matches(str(path[-1]), known, 1)
    return f"write {close[0]}" if close else f"known here: {', '.join(known)}"


def _model_at(path: Path, model: type[BaseModel]) -> type[BaseModel]:
    """Find the model of the table that a path leads to."""
    at: Any = model
    for part in path:
        if isinstance(at, type) and issubclass(at, BaseModel):
            at = at.model_fields[str(part)].annotation
        else:
            # The values of a table with free keys, or the items of a list.
            at = next(each for each in reversed(get_args(at)) if each is not Ellipsis)
    assert isinstance(at, type)
    assert issubclass(at, BaseModel)
    return at
