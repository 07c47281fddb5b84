"""A file that the books survive in, also a SIGKILL of the process."""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from sandbox.books import Entry


class JournalError(Exception):
    """The journal cannot be used; the text says why and what to do."""


class Journal:
    """An append-only file with one JSON line per entry, for one process at a time.

    Entries are handed to the operating system at once, so they survive the process, though not a power cut.

    Raises:
        JournalError: If another process has it open, or a line other than the last is not an entry.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "journal.jsonl"
        self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise JournalError(
                f"{self.path} is in use by another sandbox; stop it or name another --data"
            ) from None

    def read(self) -> list[Entry]:
        """Read every entry back. A torn last line, the mark of a process killed while writing, is cut off."""
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.ftruncate(self._file, whole)
        entries = []
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                entries.append(Entry.model_validate_json(line))
            except ValidationError as error:
                raise JournalError(
                    f"{self.path}:{number} is not an entry; restore the file or name another --data"
                ) from error
        return entries

    def write(self, entries: Sequence[Entry]) -> None:
        """Append entries with a single write, so that a kill leaves all of them or a torn last line."""
        lines = b"".join(entry.model_dump_json().encode() + b"\n" for entry in entries)
        size = os.fstat(self._file).st_size
        if os.write(self._file, lines) != len(lines):
            os.ftruncate(self._file, size)
            raise OSError(f"{self.path} took only a part of the entries; is the disk full?")

    def close(self) -> None:
        """Give the file back."""
        os.close(self._file)
