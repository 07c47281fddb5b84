"""Reads what a metrics endpoint answers, and which metrics and labels a PromQL expression names."""

import re
from collections.abc import Iterator

Labels = dict[str, str]

_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_SELECTOR = re.compile(r"\b((?:returnflow|temporal)_\w+)\s*(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\bby\s*\(([^)]*)\)")


def samples(text: str) -> Iterator[tuple[str, Labels, float]]:
    """Every sample: its name, labels and value."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            found = _SAMPLE.match(line)
            assert found, line
            yield found[1], dict(_LABEL.findall(found[2] or "")), float(found[3])


def label_sets(text: str) -> dict[str, list[Labels]]:
    """The label sets of every metric."""
    found: dict[str, list[Labels]] = {}
    for name, labels, _ in samples(text):
        found.setdefault(name, []).append(labels)
    return found


def missing(expression: str, exposed: dict[str, list[Labels]]) -> list[str]:
    """What an expression names that is not exposed: metrics, labels, and values that a matcher asks for."""
    wrong = []
    named = _SELECTOR.findall(expression)
    for name, matchers in named:
        if name not in exposed:
            wrong.append(name)
            continue
        for label, operator, value in _MATCHER.findall(matchers):
            values = {labels[label] for labels in exposed[name] if label in labels}
            if not values or (operator == "=" and value not in values):
                wrong.append(f'{name}{{{label}{operator}"{value}"}}')
    labels_there = {label for name, _ in named for labels in exposed.get(name, []) for label in labels}
    for grouping in _GROUPING.findall(expression):
        wrong += [label for label in re.split(r"[\s,]+", grouping.strip()) if named and label not in labels_there]
    return wrong
