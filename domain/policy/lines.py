"""Where in a TOML text each key stands, so that an error can name the line.

`tomllib` tells the line of a syntax error only. This reads a text that it has accepted, and so checks nothing.
"""

from dataclasses import dataclass, field

Path = tuple[str | int, ...]
"""The way to a value: keys of tables, positions in arrays."""

_BARE_END = " \t\r\n#,]}"
_KEY_END = " \t=.]"


def line_of(text: str, path: Path) -> int:
    """Give the line, from 1, of a key or an item of an array; if it is missing, of the nearest table above it."""
    lines = key_lines(text)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def key_lines(text: str) -> dict[Path, int]:
    """Give the line, from 1, of every key, table and array item of a text that is valid TOML."""
    return _Reader(text).read()


@dataclass
class _Reader:
    text: str
    at: int = 0
    lines: dict[Path, int] = field(default_factory=dict)
    _arrays: dict[Path, int] = field(default_factory=dict)

    def read(self) -> dict[Path, int]:
        table: Path = ()
        self._skip_blank()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip_blank()
        return self.lines

    def _header(self) -> Path:
        is_array = self.text.startswith("[[", self.at)
        line = self._line()
        self.at += 2 if is_array else 1
        path = self._inside_arrays(self._key())
        self.at = self.text.index("]", self.at) + (2 if is_array else 1)
        if is_array:
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, self._arrays[path])
        for length in range(1, len(path) + 1):
            self._note(path[:length], line)
        return path

    def _inside_arrays(self, key: Path) -> Path:
        """Tables below an array of tables belong to its last item."""
        path: Path = ()
        for position, part in enumerate(key):
            path = (*path, part)
            if path in self._arrays and position < len(key) - 1:
                path = (*path, self._arrays[path])
        return path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = (*table, *self._key())
        for length in range(len(table) + 1, len(path) + 1):
            self._note(path[:length], line)
        self.at = self.text.index("=", self.at) + 1
        self._skip_spaces()
        self._value(path)

    def _key(self) -> Path:
        parts: list[str | int] = []
        while True:
            self._skip_spaces()
            if self.text[self.at] in "\"'":
                parts.append(self._string())
            else:
                start = self.at
                while self.text[self.at] not in _KEY_END:
                    self.at += 1
                parts.append(self.text[start : self.at])
            self._skip_spaces()
            if self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def _value(self, path: Path) -> None:
        match self.text[self.at]:
            case '"' | "'":
                self._string()
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case _:
                while self.at < len(self.text) and self.text[self.at] not in _BARE_END:
                    self.at += 1

    def _array(self, path: Path) -> None:
        self.at += 1
        position = 0
        while not self._closes("]"):
            self._note((*path, position), self._line())
            self._value((*path, position))
            position += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, bracket: str) -> bool:
        """Go on to the next item, past a comma; say whether the bracket closes instead."""
        self._skip_blank()
        if self.text[self.at] == ",":
            self.at += 1
            self._skip_blank()
        if self.text[self.at] != bracket:
            return False
        self.at += 1
        return True

    def _string(self) -> str:
        """Pass over a string; its content matters for keys only, whose escapes are kept as written."""
        quote = self.text[self.at]
        ends = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        start = self.at = self.at + len(ends)
        while not self.text.startswith(ends, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        content = self.text[start : self.at]
        self.at += len(ends)
        # Up to two quotes may stand right before those that end a text of several lines.
        while len(ends) == 3 and self.text.startswith(quote, self.at):
            self.at += 1
        return content

    def _skip_spaces(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1

    def _skip_blank(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n#":
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                self.at += 1

    def _line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def _note(self, path: Path, line: int) -> None:
        self.lines.setdefault(path, line)
