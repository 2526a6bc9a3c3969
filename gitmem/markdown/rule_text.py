"""A rule and its why on one line: "Use pnpm (npm install rewrote the lock file)" (pure).

The why of a rule is what went wrong. Rule and why are one line of memory: a record, a duplicate, a trace
and a forget take them as one. Only in a file they may stand on two rows.
"""

from __future__ import annotations

# Characters of a bullet on one row. The longest of the 392 lines of memory in `evals/recall` has 160.
WIDTH = 160
_LEAST = 40  # characters of a why that is cut; less says nothing
_OPEN = " ("


def with_why(rule: str, why: str, most: int) -> str:
    """Return the rule with its why in parentheses, at most ``most`` characters; the rule alone where it does not fit.

    A long why is cut at a word. A full stop of the rule stands at the end.
    """
    bare, why = rule.rstrip(), " ".join(why.split()).rstrip(" .")
    stop = "." if bare.endswith(".") and not bare.endswith("..") else ""
    bare = bare.removesuffix(stop).rstrip()
    room = most - len(bare) - len(_OPEN) - len(")") - len(stop)
    if len(why) > room:
        why = why[: max(0, room - 1)].rpartition(" ")[0].rstrip(" ,;:.(`'\"") + "…"
        if len(why) <= _LEAST or why.count("`") % 2:
            return rule
    return f"{bare}{_OPEN}{why}){stop}" if bare and why else rule


def rule_of(line: str) -> str:
    """Return the line without what stands in parentheses at its end: the rule without its why."""
    at = _why_at(line)
    return line[:at] if at else line


def why_of(line: str) -> str:
    """Return what stands in parentheses at the end of a line; empty when nothing does."""
    at = _why_at(line)
    return line[at:].strip().removesuffix(".")[1:-1] if at else ""


def rows_of(line: str) -> list[str]:
    """Return the rows of a rule in a file: one, or the rule and below it the why when both are too wide."""
    at = _why_at(line)
    return [line] if len(line) <= WIDTH or not at else [line[:at], line[at + 1 :]]


def _why_at(line: str) -> int:
    """Return where the blank before the last pair of parentheses is; 0 when the line ends otherwise."""
    bare = line.rstrip().removesuffix(".")
    if not bare.endswith(")"):
        return 0
    depth = 0
    for at in range(len(bare) - 1, 0, -1):
        depth += {")": 1, "(": -1}.get(bare[at], 0)
        if depth == 0:
            return at - 1 if bare[at - 1] == " " and bare[: at - 1].strip() else 0
    return 0
