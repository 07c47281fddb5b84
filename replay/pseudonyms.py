"""The personal values of one history and what stands for each: the same pseudonym wherever a value comes up."""

import re

_SHORTEST_IN_A_TEXT = 3
"""Shorter values are not looked for inside other texts: they would be found by chance."""

_A_WORD = re.compile(r"[a-z_]+|[A-Z_]+")
"""One word of letters, such as an actor called `warehouse`, is not told from our own codes."""


class Pseudonyms:
    """Gives each personal value a pseudonym, such as `order_id-1`, that fits where an identifier is asked for."""

    def __init__(self) -> None:
        self._by_value: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._sought: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def of(self, value: str, field: str, sought: bool = True) -> str:
        """The pseudonym of a value; an empty one stays empty, since code asks whether there is one.

        Args:
            value: What is personal.
            field: What it is, for the pseudonym.
            sought: Whether it is replaced in other texts and ids as well. What is in parameters and failures is
                not: among them are codes, which would then be replaced wherever code decides on them.
        """
        if not value:
            return value
        if value not in self._by_value:
            self._counts[field] = self._counts.get(field, 0) + 1
            self._by_value[value] = f"{field}-{self._counts[field]}"
        if (
            sought
            and value not in self._sought
            and len(value) >= _SHORTEST_IN_A_TEXT
            and not _A_WORD.fullmatch(value)
        ):
            self._sought.add(value)
            self._pattern = None
        return self._by_value[value]

    def within(self, text: str) -> str:
        """The text with every value that is sought replaced in it."""
        return self._any().sub(lambda found: self._by_value[found[0]], text)

    def left_in(self, text: str) -> str:
        """The pseudonym of a value that the text still holds, or empty."""
        found = self._any().search(text)
        return self._by_value[found[0]] if found else ""

    def _any(self) -> re.Pattern[str]:
        if self._pattern is None:
            longest_first = sorted(self._sought, key=lambda value: (-len(value), value))
            either = "|".join(map(re.escape, longest_first)) or r"(?!)"
            self._pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])")
        return self._pattern
