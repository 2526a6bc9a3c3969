"""How large a context grows before Claude Code compacts it (pure; hot lane).

Measured with version 2.1.328: it compacts above window - 20,000 - 13,000 tokens, counting a response's
input, cache and output. Windows are those of its models; an older model is compacted when
the API refuses, which is later than this says.
"""

from __future__ import annotations

_KEPT_FREE = 33_000
_SMALL, _LARGE = 200_000, 1_000_000
_LARGE_MODELS = ("-5-5", "[1m]")


def limit(model: str, window: int) -> int:
    """The tokens at which a context is compacted; ``window`` is a configured one, 0 for none."""
    known = _LARGE if any(sign in model for sign in _LARGE_MODELS) else _SMALL
    return (min(window, known) if window > _KEPT_FREE else known) - _KEPT_FREE
