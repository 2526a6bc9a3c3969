"""What the server says to a model of itself (pure, hot lane)."""

from __future__ import annotations

#: The begin of the instructions that every client gets.
ABOUT = (
    "gitmem keeps what coding agents learn about this repository, as commits that a person reviews. When you "
    "learn something durable (a decision, gotcha, preference or fact that a later session would need), call "
    "the tool `flag` with one line, at once. When something snagged and you found the better path, call "
    "`snag`. Before work on unknown ground and after a failure, call `recall`. Nothing durable is fine, too."
)

FLAG_NOW = (
    "Flag what's durable, now: for each decision, gotcha, preference, fact or open question of this "
    "conversation that a later session would need and that was not flagged yet, call gitmem's tool `flag` "
    "with one line and its kind. For what snagged, call `snag` with the better path. If nothing is durable, "
    "say so and go on."
)

#: What follows what waits.
WAITING = "The person decides when to drain; mention it once if it fits."

NO_REPOSITORY = "Here gitmem can save nothing yet: "

#: What stands before the lines that `recall` gives.
NOTES = "Notes of this repository. They were true when they landed; check what you rely on."
