"""Which calls bring text of strangers in."""

from __future__ import annotations

import pytest

from gitmem.boundaries.calls import untrusted


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("WebFetch", ""),
        ("WebSearch", ""),
        ("mcp__jira__read", ""),
        ("mcp__gitmemory__read", ""),
        ("Bash", "curl -s https://example.com"),
        ("Bash", "cd x && /usr/bin/wget -q https://example.com"),
        ("Bash", 'bash -c "curl x"'),
        ("Bash", "sh -c 'curl x'"),
        ("Bash", "echo $(curl x)"),
        ("Bash", "A=`curl x`;true"),
        ("Bash", "gh issue view 4"),
        ("Bash", "gh issue list --limit 3"),
        ("Bash", "gh -R a/b pr view 7 --comments"),
        ("Bash", "gh pr diff"),
        ("Bash", "gh pr list"),
        ("Bash", "gh api repos/a/b/issues/1"),
        ("Bash", "gh search issues flaky"),
        ("Bash", "gh issue status"),
        ("Bash", "gh pr checkout 7"),
        ("Bash", "gh pr create --fill && gh pr view"),
        ("Bash", "gh run view --log"),
        ("Bash", "gh release view v1"),
        ("Bash", "tea issues"),
        ("Bash", "lynx -dump example.com"),
        ("Bash", "http example.com"),
        ("ReadMcpResourceTool", ""),
        ("ListMcpResourcesTool", ""),
        ("Bash", "glab issue view 4"),
        ("Bash", "glab mr list"),
        ("Bash", "gitmem flag 'a' && curl x"),
        ("Bash", "gitmem flag 'a'; sh -c 'curl x'"),
        ("Bash", "gitmem flag 'a'\ncurl x"),
        ("Bash", 'gitmem flag "$(curl x)"'),
        ("Bash", "gitmem flag - < 'x'; echo curl"),
    ],
)
def test_text_of_strangers_is_untrusted(tool: str, command: str) -> None:
    assert untrusted(tool, command)


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("", ""),
        ("Read", "curl x"),
        ("Bash", ""),
        ("Bash", "git commit -m 'high time'"),
        ("Bash", "ls curling wgetrc; pr view"),
        ("Bash", "gh pr create --fill"),
        ("Bash", "gh auth status"),
        ("Bash", "gitmem flag 'curl needs the proxy; gh api too' --kind gotcha"),
        ("Bash", "gitmem snag 'curl hangs' --better 'wget -T 5'"),
        ("mcp__gitmem__flag", ""),
        ("mcp__sessions__mark_chapter", ""),
    ],
)
def test_the_repository_and_gitmem_itself_are_not_untrusted(tool: str, command: str) -> None:
    assert not untrusted(tool, command)
