"""The policy: what happens at which event."""

from __future__ import annotations

import pytest

from gitmem.domain import boundary
from gitmem.domain.boundary import Action, Event, Session, decide

ONE, TWO = "1" * 40, "2" * 40


def event(kind: str, *, agent: str = "", commits: tuple[str, ...] = (), detail: str = "") -> Event:
    return Event(
        kind, client="c", name="n", session="s", agent=agent, commits=commits, detail=detail
    )


def test_a_boot_says_the_boot_words() -> None:
    assert decide(event(boundary.BOOT, detail="startup"), Session()) == [
        Action(boundary.SAY_BOOT, ["startup"])
    ]


def test_a_commit_is_marked_once_wherever_it_is_made() -> None:
    made = event(boundary.TOOL, commits=(ONE, TWO), agent="helper")

    assert decide(made, Session()) == [Action(boundary.MARK_BOUNDARY, [ONE, TWO])]
    assert decide(made, Session(seen=[ONE])) == [Action(boundary.MARK_BOUNDARY, [TWO])]
    assert decide(made, Session(seen=[ONE, TWO])) == []


def test_a_tool_without_a_commit_is_nothing() -> None:
    assert decide(event(boundary.TOOL), Session()) == []


def test_a_batch_nudges_once_for_all_that_was_marked() -> None:
    marked = Session(pending=["commit", "commit"])

    assert decide(event(boundary.BATCH), marked) == [Action(boundary.NUDGE, ["commit"])]
    assert decide(event(boundary.BATCH), Session()) == []


def test_a_sub_agent_is_never_nudged() -> None:
    assert decide(event(boundary.BATCH, agent="helper"), Session(pending=["commit"])) == []


def test_the_end_is_marked_and_the_unknown_is_left_alone() -> None:
    assert decide(event(boundary.END, detail="other"), Session()) == [
        Action(boundary.MARK_END, ["other"])
    ]
    assert decide(event(boundary.OTHER), Session(pending=["commit"])) == []


@pytest.mark.parametrize(("names", "said"), [(["commit"], "after git commit"), ([], "this point")])
def test_the_nudge_names_its_boundary_and_the_command(names: list[str], said: str) -> None:
    text = boundary.nudge_text(names)

    assert said in text
    assert "gitmem flag" in text
    assert "flag what's durable, now" in text
    assert "\n" not in text


def test_actions_are_values() -> None:
    assert len({Action("a", ["b"]), Action("a", ("b",)), Action("a")}) == 2
    assert repr(Action("a", ["b"])) == "Action('a', ('b',))"


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
    assert boundary.untrusted(tool, command)


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
    assert not boundary.untrusted(tool, command)


def called(kind: str, *calls: tuple[str, str], commits: tuple[str, ...] = ()) -> Event:
    return Event(kind, client="c", name="n", session="s", calls=calls, commits=commits, agent="a")


def test_untrusted_text_is_marked_once_between_two_nudges_also_in_a_sub_agent() -> None:
    fetched = called(boundary.TOOL, ("WebFetch", ""))

    assert decide(fetched, Session()) == [Action(boundary.MARK_TAINT, ["WebFetch"])]
    assert decide(fetched, Session(taints=["Bash"])) == []
    assert decide(called(boundary.TOOL, ("Bash", "make")), Session()) == []


def test_a_call_that_fetches_and_commits_leaves_both_marks() -> None:
    both = called(boundary.TOOL, ("Bash", "curl x; git commit"), commits=(ONE,))

    assert decide(both, Session()) == [
        Action(boundary.MARK_TAINT, ["Bash"]),
        Action(boundary.MARK_BOUNDARY, [ONE]),
    ]


def test_a_batch_marks_what_a_failed_call_read_before_it_nudges() -> None:
    batch = Event(
        boundary.BATCH,
        client="c",
        name="n",
        session="s",
        calls=[("Read", ""), ("Bash", "curl --fail x")],
    )

    assert decide(batch, Session(pending=["commit"])) == [
        Action(boundary.MARK_TAINT, ["Bash"]),
        Action(boundary.NUDGE, ["commit"]),
    ]
