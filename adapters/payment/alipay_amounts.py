"""Amounts as Alipay writes them: yuan with two decimals, as text."""

import re

_YUAN = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?", re.ASCII)

_MOST = 10_000_000_000
"""A hundred million yuan, the most that Alipay takes in one call."""


def to_yuan(fen: int) -> str | None:
    """An amount in fen as Alipay takes it, such as ``12.30``; None if it cannot be asked for there."""
    return f"{fen // 100}.{fen % 100:02}" if 0 < fen <= _MOST else None


def from_yuan(text: object) -> int:
    """An amount of Alipay's in fen.

    Raises:
        ValueError: If it is none, or has a fraction of a fen. A number is none: it may be rounded.
    """
    read = _YUAN.fullmatch(text) if isinstance(text, str) else None
    if read is None:
        raise ValueError("must be a text of yuan with at most two decimals")
    yuan, decimals = read.groups(default="")
    return int(yuan) * 100 + int(decimals.ljust(2, "0"))
