"""What the grounding gate finds (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """The rules. H: may not be written as worded. S: shown to the reviewer."""

    H2 = "H2"  # a date, day or time that no flag has
    H3 = "H3"  # a number
    H4 = "H4"  # a number with another unit or beside another word
    H5 = "H5"  # an identifier: path, URL, address, option, variable, command
    H6 = "H6"  # a name
    H7 = "H7"  # denied here and said there, or the other way round
    H8 = "H8"  # the opposite word
    H9 = "H9"  # "A, not B" with A and B exchanged
    H10 = "H10"  # a doubt, a plan or a question told as a fact
    H11 = "H11"  # a cause that no flag gives
    H12 = "H12"  # who does what to whom, exchanged
    H13 = "H13"  # a value given to something else
    H14 = "H14"  # wider than the flag: all, always, only
    H15 = "H15"  # a clause of its own that no flag has
    H16 = "H16"  # a condition, unit or range left out; of a merge a value or half of a flag
    H17 = "H17"  # a language whose denials are not known
    S1 = "S1"  # many new words
    S2 = "S2"  # a clause that no single flag explains
    S3 = "S3"  # an unknown word at the start, perhaps a name
    S4 = "S4"  # a new word

    @property
    def hard(self) -> bool:
        """Whether it alone keeps a line from being written as worded."""
        return self.value.startswith("H")


@dataclass(frozen=True, slots=True)
class Finding:
    """One objection: the rule, and a sentence for the reviewer. The sentence quotes the line, unescaped."""

    rule: Rule
    what: str
