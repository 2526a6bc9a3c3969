"""Text that a client or a Markdown reader would act on, or would hide from the person who reviews (pure, hot lane).

A line of memory is read by models and by people. In a skill or an instruction file some of its
characters run a command, load a file or vanish from the rendered page. This module runs for every
flag: ``str`` methods alone decide whether ``gitmem.safety.active_rules`` has to look.
"""

from __future__ import annotations

_SIGNS = (
    "!`",
    "```",
    "~~~",
    "![",
    "](",
    "]:",
    "$ARGUMENTS",
    "${CLAUDE_",
    "<<<<<<<",
    "=======",
    ">>>>>>>",
    "|||||||",
    " " * 20,
    "\n",
    "\r",
)
_RULE_CHARACTERS = " \t-+=*_~#>|.)0123456789"

# The limits of the rules, repeated here so as not to load them; a test holds them equal.
_MAX_BLANKS = 20
_MAX_RUN = 100


def find_active(text: str, *, skill: bool = False) -> str | None:
    """Say what ``text``, as it is, does as a line of a Markdown file a client reads, with the remedy.

    None when it does nothing. ``skill``: the line may stand in a skill, where a client also runs
    commands. Judged as a block of its own, as a bullet is: written into the middle of a paragraph
    or a fence the same text could mean something else. Hidden characters are the business of
    ``gitmem.safety.text``. Never raises.
    """
    if not _needs_a_look(text):
        return None
    from gitmem.safety import active_rules

    return active_rules.find(text, skill=skill)


def find_refused(text: str, *, skill: bool = False) -> str | None:
    """Say why ``text`` may not become such a line at all: what backticks do not make harmless.

    A close writes every line as ``gitmem.safety.harmless.harmless`` has it. Never raises.
    """
    reason = find_active(text, skill=skill)
    if reason is None:
        return None
    from gitmem.safety.harmless import harmless

    return find_active(harmless(text), skill=skill)


def _needs_a_look(text: str) -> bool:
    for sign in _SIGNS:
        if sign in text:
            return True
    return (
        ("@" in text and _may_import(text))
        or ("<" in text and _may_be_tag(text))
        or not text.strip(_RULE_CHARACTERS)
        or _may_be_long(text)
    )


def _may_import(text: str) -> bool:
    """Tell whether an ``@`` stands anywhere but after a letter or digit, as in an e-mail address."""
    at = text.find("@")
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            return True
        at = text.find("@", at + 1)
    return False


def _may_be_tag(text: str) -> bool:
    """Tell whether a ``<`` is followed by what can start a tag, a comment or a link."""
    at = text.find("<")
    while at >= 0:
        after = text[at + 1 : at + 2]
        if after.isalpha() or after in {"/", "!", "?"}:
            return True
        at = text.find("<", at + 1)
    return False


def _may_be_long(text: str) -> bool:
    """Tell whether the blanks in a row, or the characters without a blank, can reach a limit."""
    words = text.split()
    if len(text) - len(" ".join(words)) >= _MAX_BLANKS - 1:
        return True
    return len(text) >= _MAX_RUN and max(map(len, words), default=0) >= _MAX_RUN
