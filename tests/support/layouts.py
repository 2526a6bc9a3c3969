"""Skills and instruction files as people write them, each with what is easy to break."""

from __future__ import annotations

_FRONT = "---\nname: deploy\ndescription: Deploy the service to staging or production.\n---\n"
_FOLDED = (
    "---\nname: deploy\ndescription: >-\n  Deploy the service:\n  to staging --- or production\n"
    "allowed-tools: [Bash, Read]\nmetadata:\n  owner: ops\n---\n"
)
_STEPS = "## Steps\n\n1. Run `make test`.\n2. Run `make deploy`.\n   ```sh\n   make deploy ENV=staging\n   ```\n3. Watch the logs.\n"
_TABLE = "## Environments\n\n| name | host |\n|---|---|\n| staging | s.example |\n| production | p.example |\n"
_NESTED = (
    "## Checks\n\n- Before deploying\n  - The build is green\n    - on every platform\n  - The changelog is done\n"
    "- After deploying\n  1. Look at the graphs\n  2. Look at the logs\n"
)
_CODE = (
    "## Usage\n\nRun it like this:\n\n```sh\nmake deploy\n# - not a bullet\n## not a heading\n```\n"
)
_LINKS = "## References\n\n- [Runbook](docs/runbook.md)\n- [Graphs](https://graphs.example)\n"
_DEFINITIONS = '\n[runbook]: docs/runbook.md\n[graphs]: https://graphs.example "Graphs"\n'
_QUOTE = "> **Note**\n> Production deploys need a second person.\n> - also this one\n"
_COMMENT = "<!-- owner: ops\n- not a bullet\n-->\n"
_TASKS = "## Checklist\n\n- [ ] tests\n- [x] changelog\n"
_LOOSE = "## Rules\n\n- Deploy on weekdays.\n\n- Deploy before noon.\n\n  With a reason below it.\n"
_TILDE = "~~~~text\n```\n- inner\n```\n~~~~\n"
_HTML = "<details>\n<summary>More</summary>\n\n- hidden bullet\n\n</details>\n"
_STAR = "## Pitfalls\n\n* The cache is shared.\n* The clock is UTC.\n"
_SETEXT = "Deploying\n=========\n\nSteps\n-----\n\n+ one\n+ two\n"
_DEEP = "#### Very deep\n\ntext\n\n###### Deeper\n\n- x\n"
_EMPTY_SECTION = "## Troubleshooting\n\n## Contact\n\nAsk ops.\n"
_RULES = "---\n\nSome text.\n\n***\n\n- after a rule\n"
_INDENTED = "Example:\n\n    make deploy\n    - not a bullet\n\nDone.\n"
_BLOCK = (
    "<!-- gitmem:begin managed -->\nRead `memory/`.\n\n@memory/MEMORY.md\n\n## Rules learned here\n\n- Old rule.\n\n"
    "<!-- gitmem:end -->\n"
)

SKILLS: dict[str, str] = {
    "title only": f"{_FRONT}\n# Deploy\n",
    "front matter only": _FRONT,
    "no front matter": f"# Deploy\n\n{_STEPS}",
    "folded front matter": f"{_FOLDED}\n# Deploy\n\n{_STEPS}",
    "numbered steps": f"{_FRONT}# Deploy\n\n{_STEPS}\n{_LINKS}",
    "table": f"{_FRONT}# Deploy\n\n{_TABLE}\n{_STEPS}",
    "table at the end": f"{_FRONT}# Deploy\n\n{_STEPS}\n{_TABLE}",
    "nested list": f"{_FRONT}# Deploy\n\n{_NESTED}",
    "nested list, then links": f"{_FRONT}# Deploy\n\n{_NESTED}\n{_LINKS}",
    "code at the end": f"{_FRONT}# Deploy\n\n{_CODE}",
    "code in the middle": f"{_FRONT}# Deploy\n\n{_CODE}\n{_NESTED}",
    "link definitions at the end": f"{_FRONT}# Deploy\n\n{_STEPS}{_DEFINITIONS}",
    "quote": f"{_FRONT}# Deploy\n\n{_QUOTE}\n{_STEPS}",
    "comment": f"{_FRONT}# Deploy\n\n{_COMMENT}\n{_CODE}",
    "task list": f"{_FRONT}# Deploy\n\n{_TASKS}\nMore text.\n",
    "loose list": f"{_FRONT}# Deploy\n\n{_LOOSE}\n{_LINKS}",
    "tildes around backticks": f"{_FRONT}# Deploy\n\n{_TILDE}\n{_STEPS}",
    "details": f"{_FRONT}# Deploy\n\n{_HTML}\n{_STEPS}",
    "stars": f"{_FRONT}# Deploy\n\n{_STAR}\n{_LINKS}",
    "underlined headings": f"{_FRONT}{_SETEXT}",
    "deep headings": f"{_FRONT}# Deploy\n\n{_DEEP}",
    "empty section": f"{_FRONT}# Deploy\n\n{_EMPTY_SECTION}",
    "rules between": f"{_FRONT}# Deploy\n\n{_RULES}",
    "indented code": f"{_FRONT}# Deploy\n\n{_INDENTED}",
    "several titles": f"{_FRONT}# Deploy\n\ntext\n\n# Roll back\n\n- back\n",
    "no heading": f"{_FRONT}\nJust deploy it.\nAnd look.\n",
    "open fence": f"{_FRONT}# Deploy\n\n{_STEPS}\n```sh\nmake\n",
    "open comment": f"{_FRONT}# Deploy\n\n{_STEPS}\n<!-- to do\n- x\n",
    "tabs": f"{_FRONT}# Deploy\n\n-\tone\n\t- two\n-\tthree\n",
    "blanks at the ends of lines": f"{_FRONT}# Deploy  \n\n- one  \n- two\t\n\n\n\n",
    "everything": f"{_FOLDED}\n# Deploy\n\n{_QUOTE}\n{_STEPS}\n{_TABLE}\n{_NESTED}\n{_CODE}\n{_STAR}\n{_LINKS}{_DEFINITIONS}",
    "other letters": f"{_FRONT}# Развёртывание\n\n- шаг\n\n## 手順\n\n- 確認する\n",
}

INSTRUCTIONS: dict[str, str] = {
    "block alone": _BLOCK,
    "block at the end": f"# Project\n\n{_TABLE}\n{_CODE}\n{_BLOCK}",
    "block in the middle": f"# Project\n\n{_NESTED}\n{_BLOCK}\n{_STEPS}\n{_LINKS}",
    "block before an open fence": f"# Project\n\n{_BLOCK}\n```sh\nmake\n",
    "block with a person's section": f"# Project\n\n{_BLOCK.replace('- Old rule.', '- Old rule.' + chr(10) + chr(10) + '### Ours' + chr(10) + chr(10) + '1. x')}",
    "marks in code": f"# Project\n\n```md\n<!-- gitmem:begin x -->\n<!-- gitmem:end -->\n```\n\n{_BLOCK}",
}


def variants(text: str) -> list[str]:
    """The layout as written, with CRLF, with a byte order mark, and without a final line break."""
    crlf = text.replace("\n", "\r\n")
    return [text, crlf, "\ufeff" + text, text.removesuffix("\n"), crlf.removesuffix("\r\n")]
