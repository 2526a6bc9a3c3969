"""What the real client does with lines of the files it loads, as tests/real_clients/test_text.py shows it."""

from __future__ import annotations

#: Each loads the file that ``{name}`` names, as a bullet of a file that is loaded.
LOADS = (
    "@{name}",
    "See @{name} for more",
    "see @./{name}",
    "**@{name}**",
    "*@{name}*",
    "_@{name}_",
    "`code`@{name}",
    "[x](y)@{name}",
    "[@{name}](x)",
    "\\*@{name}",
    "x\\/@{name}",
    "x\\_@{name}",
    "<b>@{name}</b>",
    "a <br>@{name}",
    "<https://a.example>@{name}",
    "https://a.example @{name}",
    "> @{name}",
    "[ ] @{name}",
    "# @{name}",
    "a ` stray @{name}",
    "`` ` `` x ` and `` @{name}",
    "@{name}#part",
    "`a @{name} b`",
    "` @{name} `",
    "`` ` @{name} ``",
    "<i title='x @{name} '>a</i>",
    "[x](y 'a @{name} b')",
    "x <!-- a @{name} b -->",
    "<!-- c -->@{name}",
    "\u00a0a\u00a0@{name}",
    "a\u3000@{name}",
)

#: Those in which a raw line loads nothing, although it holds the name behind an @.
KEEPS = (
    "`@{name}`",
    "x@{name}",
    "(@{name})",
    "'@{name}'",
    "/@{name}",
    "https://a.example/@{name}",
    "[x](/@{name})",
    "\\@{name}",
    "@@{name}",
    "~~@{name}~~",
    "<!-- a @{name} b -->",
    "[@{name}][x]",
    "a@b.example@{name}",
    "\u65e5@{name}",
)

#: Each runs ``{command}`` in a skill, as a line of its own or in a bullet.
RUNS = (
    "!`{command}`",
    "run !`{command}` first",
    "\u00a0!`{command}`",
)

#: Those that run nothing in a skill.
RESTS = (
    "`panic!` and {command} and `unwrap!`",
    "wow!`{command}`",
    "``!`{command}` ``",
    "`!`{command}`",
    "! `{command}`",
)
