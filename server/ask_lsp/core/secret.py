"""A value that must not be seen: it masks itself in repr, str, format and pickle, and so in every log line."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Holds a key; only `reveal` gives it, and only `llm/` calls that."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. For the one place that sends it."""
        return self._value

    def masked(self) -> str:
        """Enough to recognise one's own key by, too little to use it: `sk-…4f2a`, or `…` for short values."""
        return f"{self._value[:3]}…{self._value[-4:]}" if len(self._value) >= 20 else "…"

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is not pickled")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        return bool(self._value)
