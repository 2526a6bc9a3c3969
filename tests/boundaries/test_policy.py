"""The policy: what happens at which event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from gitmem.boundaries import policy
from gitmem.boundaries.policy import decide
from gitmem.clients.claude_code import context_size
from gitmem.session import boundary
from gitmem.session.boundary import Action, Event
from gitmem.session.session import Session, fold, lines

ONE, TWO = "1" * 40, "2" * 40
WORK = [("Read", ""), ("Bash", "make")]
FLAG = ("Bash", "gitmem flag 'ports are fixed' --kind fact")
NUDGES = (boundary.NUDGE, boundary.REMIND)


def event(kind: str, **fields: Any) -> Event:
    return Event(kind, client="c", name="n", session="s", **fields)


def nudge(*names: str) -> list[Action]:
    return [Action(boundary.NUDGE, names)]


def far(**known: Any) -> Session:
    """A session whose last nudge, if any, is far enough back."""
    return Session(requests=policy.BETWEEN, **known)


def marked(*marks: str) -> list[Action]:
    return [Action(boundary.MARK_BOUNDARY, marks)]


class Story:
    """A session that goes on: each event is decided on what the ones before it left."""

    def __init__(self) -> None:
        self.text = ""
        self.later()

    def later(self) -> None:
        """Some requests are answered in which nothing counts."""
        self.text += "request\n" * policy.BETWEEN

    def tell(self, kind: str, **fields: Any) -> list[str]:
        """The boundaries that the model is nudged about at this event."""
        done = decide(event(kind, **fields), fold(self.text))
        self.text += "".join([line + "\n" for action in done for line in lines(action)])
        return [name for action in done if action.kind in NUDGES for name in action.about]

    def batch(self, *calls: tuple[str, str], **fields: Any) -> list[str]:
        return self.tell(boundary.BATCH, calls=calls or WORK, **fields)

    def prompt(self, **fields: Any) -> list[str]:
        return self.tell(boundary.PROMPT, **{"detail": boundary.PERSON, **fields})


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_boot_says_the_boot_words() -> None:
    assert decide(event(boundary.BOOT, detail="startup"), Session()) == [
        Action(boundary.SAY_BOOT, ["startup"])
    ]


def test_what_was_committed_just_before_a_boot_is_not_the_sessions_work() -> None:
    booted = event(boundary.BOOT, detail="resume", commits=[ONE])

    assert decide(booted, Session())[0] == Action(boundary.MARK_SEEN, [ONE])
    assert decide(booted, Session(seen=[ONE])) == [Action(boundary.SAY_BOOT, ["resume"])]


@pytest.mark.parametrize("kind", [boundary.TOOL, boundary.FAILURE])
def test_a_commit_is_marked_once_wherever_it_is_made(kind: str) -> None:
    made = event(kind, commits=(ONE, TWO), agent="helper")

    assert decide(made, Session()) == marked(f"commit {ONE}", f"commit {TWO}")
    assert decide(made, Session(seen=[ONE])) == marked(f"commit {TWO}")
    assert decide(made, Session(seen=[ONE, TWO])) == []


def test_a_tool_without_a_commit_is_nothing() -> None:
    assert decide(event(boundary.TOOL, calls=WORK), Session()) == []


def test_a_batch_nudges_once_for_all_that_was_marked() -> None:
    pending = far(pending=["commit", "commit", "sub-agent"])

    assert decide(event(boundary.BATCH, calls=WORK), pending) == nudge("commit", "sub-agent")
    assert decide(event(boundary.BATCH), far()) == []


@pytest.mark.parametrize(
    "kind", [boundary.BATCH, boundary.PROMPT, boundary.TURN_END, boundary.COMPACTING]
)
def test_a_sub_agent_is_never_spoken_to(kind: str) -> None:
    known = Session(pending=["commit"], worked=True)

    assert decide(event(kind, agent="helper", calls=WORK), known) == []


def test_the_end_is_marked_and_the_unknown_is_left_alone() -> None:
    assert decide(event(boundary.END, detail="other"), Session()) == [
        Action(boundary.MARK_END, ["other"])
    ]
    assert decide(event(boundary.OTHER), Session(pending=["commit"])) == []


def test_what_the_client_reports_as_done_is_nudged_once(story: Story) -> None:
    for _ in range(2):
        story.tell(boundary.TOOL, done=[(boundary.CHAPTER, "a")])
    story.tell(boundary.TOOL, done=[(boundary.CHAPTER, "b")])

    assert story.batch() == ["chapter"]
    story.later()
    story.tell(boundary.TOOL, done=[(boundary.CHAPTER, "b")])
    assert story.batch() == []


@pytest.mark.parametrize("name", boundary.ASIDE)
def test_what_is_no_reason_by_itself_is_named_with_the_next_nudge(story: Story, name: str) -> None:
    story.tell(boundary.TOOL, done=[(name, "a")])
    assert story.batch() == []
    assert story.prompt() == []
    story.tell(boundary.TOOL, commits=[ONE])
    assert story.batch() == sorted(["commit", name])
    story.later()
    assert story.batch() == []


def test_so_many_requests_lie_between_two_nudges(story: Story) -> None:
    story.tell(boundary.TOOL, commits=[ONE])
    assert story.batch() == ["commit"]
    story.tell(boundary.TOOL, done=[(boundary.CHAPTER, "a")])

    assert [story.batch() for _ in range(policy.BETWEEN)] == [
        *[[]] * (policy.BETWEEN - 1),
        ["chapter"],
    ]


def test_the_end_of_a_turn_is_an_answered_request_too(story: Story) -> None:
    story.tell(boundary.TOOL, commits=[ONE])
    assert story.batch() == ["commit"]
    for _ in range(policy.BETWEEN - 1):
        story.batch()
    story.tell(boundary.TURN_END, turn="1")
    assert story.prompt(turn="2") == ["turn"]


def test_a_session_begins_as_far_from_a_nudge_as_after_one() -> None:
    story = Story()
    story.text = ""
    story.tell(boundary.TOOL, done=[(boundary.CHAPTER, "a")])

    assert [story.batch() for _ in range(policy.BETWEEN)][-2:] == [[], ["chapter"]]


def test_a_commit_and_the_persons_words_wait_for_no_distance(story: Story) -> None:
    story.tell(boundary.TOOL, commits=[ONE])
    assert story.batch() == ["commit"]
    story.tell(boundary.TOOL, commits=[TWO])
    assert story.batch() == ["commit"]
    assert story.batch(done=[(boundary.WORDS, "toolu_1")]) == ["words"]
    assert story.batch(done=[(boundary.WORDS, "toolu_1")]) == []


def test_no_more_is_written_once_the_count_does_not_matter(story: Story) -> None:
    story.batch()
    before = story.text
    story.batch()
    assert story.text == before


def test_a_message_inside_a_turn_is_asked_about_with_the_next_batch(story: Story) -> None:
    first, second = [(boundary.WORDS, "k1")], [(boundary.WORDS, "k2")]
    assert story.prompt(turn="1", done=first) == []
    story.batch()
    assert story.prompt(turn="1", done=second) == []
    assert story.batch() == ["words"]
    # The transcript shows the same message once more.
    assert story.batch(done=second) == []


def test_a_message_that_came_too_late_for_the_turn_is_asked_about_with_the_next_prompt(
    story: Story,
) -> None:
    story.prompt(turn="1", done=[(boundary.WORDS, "k1")])
    story.batch()
    story.prompt(turn="1", done=[(boundary.WORDS, "k2")])
    story.tell(boundary.TURN_END, turn="1")
    assert story.prompt(turn="2", done=[(boundary.WORDS, "k3")]) == ["turn", "words"]


def test_the_whole_nudge_is_said_once_and_after_a_compaction(story: Story) -> None:
    def kind(commit: str) -> str:
        story.tell(boundary.TOOL, commits=[commit])
        done = decide(event(boundary.BATCH, calls=WORK), fold(story.text))
        story.batch()
        return done[-1].kind

    assert [kind(ONE), kind(TWO)] == [boundary.NUDGE, boundary.REMIND]
    story.tell(boundary.BOOT, detail=boundary.COMPACTED, at="t")
    assert [kind("3" * 40), kind("4" * 40)] == [boundary.NUDGE, boundary.REMIND]


def test_what_a_boot_asked_about_another_session_is_not_the_whole_nudge(story: Story) -> None:
    story.text = "nudge last-turn\n" + story.text
    story.tell(boundary.TOOL, commits=[ONE])

    assert decide(event(boundary.BATCH, calls=WORK), fold(story.text)) == nudge("commit")


def test_who_flags_after_a_boundary_that_waited_is_not_asked_about_it(story: Story) -> None:
    story.tell(boundary.TOOL, commits=[ONE])
    story.batch()
    story.tell(boundary.TOOL, done=[(boundary.CHAPTER, "a")])
    assert story.batch() == []
    assert story.batch(FLAG) == []
    story.later()
    assert story.batch() == []


def test_what_a_sub_agent_finishes_inside_is_its_own(story: Story) -> None:
    story.tell(boundary.TOOL, done=[(boundary.TASK, "a")], agent="helper")

    assert story.batch() == []


def test_work_in_the_background_is_nudged_with_the_words_that_report_it(story: Story) -> None:
    done = [(boundary.BACKGROUND, "a")]

    story.batch()
    story.tell(boundary.TURN_END, turn="1")
    assert story.prompt(detail="notice", done=done) == ["background", "turn"]
    story.later()
    assert story.prompt(detail="notice", done=done) == []


def test_the_end_of_a_turn_is_nudged_with_the_next_prompt_only(story: Story) -> None:
    assert story.prompt() == []
    story.batch()
    assert story.tell(boundary.TURN_END, turn="1") == []
    assert story.tell(boundary.TURN_END, turn="1") == []
    assert story.batch() == []  # another hook made the turn go on
    assert story.prompt() == ["turn"]
    story.later()
    story.tell(boundary.TURN_END, turn="2")
    assert story.prompt() == []


def test_a_prompt_that_is_told_twice_is_no_work_of_its_own(story: Story) -> None:
    story.batch()
    story.tell(boundary.TURN_END, turn="1")
    told = {"turn": "2", "done": [(boundary.WORDS, "k1")]}
    assert story.prompt(**told) == ["turn"]
    assert story.prompt(**told) == []  # from a plugin and from settings
    story.later()
    story.tell(boundary.TURN_END, turn="2")
    assert story.prompt(turn="3") == []


def test_a_turn_in_which_nothing_happened_since_the_nudge_is_no_boundary(story: Story) -> None:
    story.tell(boundary.TOOL, commits=[ONE])
    assert story.batch() == ["commit"]
    story.batch(FLAG)
    story.later()
    story.tell(boundary.TURN_END, turn="1")
    assert story.prompt() == []
    # The person's words may be durable: they count, those that came with a nudge do not.
    story.tell(boundary.TURN_END, turn="2")
    assert story.prompt() == ["turn"]


@pytest.mark.parametrize(
    "calls",
    [
        [FLAG],
        [("Bash", "gitmem status"), FLAG],
        [("Bash", 'gitmem flag "said in double quotes; with a sign"')],
        [("Bash", "printf '%s\\n' 'one' | gitmem flag -")],
        [("Bash", "gitmem flag - <<'EOF'\none && two\nEOF")],
        [("Bash", "git mem snag 'a' --better 'b'")],
    ],
)
def test_the_answer_to_a_nudge_is_no_work(story: Story, calls: list[tuple[str, str]]) -> None:
    story.tell(boundary.TOOL, commits=[ONE])
    assert story.batch(tokens=100_000) == ["commit"]

    for tool, command in calls:
        story.tell(boundary.FAILURE, calls=[(tool, command)], seconds=99, call="x")
        story.tell(boundary.TOOL, calls=[(tool, command)], seconds=99, call="y")
    assert story.batch(*calls, tokens=200_000) == []
    story.tell(boundary.TURN_END, turn="1")
    assert story.prompt(detail="notice", tokens=200_000) == []


def test_who_flagged_after_the_work_is_not_asked_about_it(story: Story) -> None:
    story.tell(boundary.TOOL, commits=[ONE])
    assert story.batch(("Bash", "git commit"), FLAG) == []
    story.tell(boundary.TURN_END, turn="1")
    assert story.prompt() == []


def test_a_flag_does_not_hide_what_somebody_else_finished(story: Story) -> None:
    story.tell(boundary.TOOL, commits=[ONE], agent="helper")

    assert story.batch(FLAG) == ["commit"]


def test_a_failure_that_then_succeeds_is_trouble(story: Story) -> None:
    story.tell(boundary.FAILURE, calls=[("Bash", "npm test -- --watch=false")])
    story.tell(boundary.TOOL, calls=[("Bash", "npm run lint")])
    assert story.batch() == []
    for _ in range(2):
        story.tell(boundary.TOOL, calls=[("Bash", "cd app && npm test")])
    assert story.batch() == ["recovery"]
    story.tell(boundary.TOOL, calls=[("Bash", "npm test")])
    assert story.batch() == []


def test_the_same_command_may_be_trouble_again(story: Story) -> None:
    for _ in range(2):
        story.tell(boundary.FAILURE, calls=[("Bash", "make")])
        story.tell(boundary.TOOL, calls=[("Bash", "make")])
        assert story.batch() == ["recovery"]
        story.later()


def test_a_success_that_no_failure_came_before_is_no_trouble() -> None:
    assert decide(event(boundary.TOOL, calls=[("Bash", "make")]), Session(failed=["x"])) == []


@pytest.mark.parametrize(
    ("tool", "command", "seconds", "slow"),
    [
        ("Bash", "make", 60.0, True),
        ("Bash", "make", 59.9, False),
        ("WebFetch", "", 61, True),
        ("mcp__ci__wait", "", 61, True),
        ("Agent", "", 600, False),
        ("Bash", "gitmem close", 600, False),
    ],
)
def test_a_call_of_a_minute_is_trouble(
    story: Story, tool: str, command: str, seconds: float, slow: bool
) -> None:
    story.tell(boundary.TOOL, calls=[(tool, command)], seconds=seconds, call="a")
    story.tell(boundary.TOOL, commits=[ONE])

    assert (boundary.SLOW in story.batch()) == slow


def test_the_troubles_of_a_sub_agent_are_its_own(story: Story) -> None:
    story.tell(boundary.FAILURE, calls=[("Bash", "make")], agent="a")
    story.tell(boundary.TOOL, calls=[("Bash", "make")], agent="a", seconds=99, call="x")

    assert story.batch() == []


def test_growth_is_nudged_once_for_each_step(story: Story) -> None:
    sizes = [20_000, 79_999, 80_000, 81_000, 159_999, 160_000, 170_000]

    def grown(size: int) -> list[str]:
        story.later()
        return story.batch(tokens=size)

    assert [grown(size) for size in sizes] == [[], [], ["tokens"], [], [], ["tokens"], []]


def test_growth_counts_from_the_last_nudge_whatever_it_was_about(story: Story) -> None:
    story.tell(boundary.TOOL, commits=[ONE])
    assert story.batch(tokens=50_000) == ["commit"]
    story.later()
    assert story.batch(tokens=129_999) == []
    assert story.batch(tokens=130_000) == ["tokens"]


def test_growth_is_seen_with_a_prompt_too(story: Story) -> None:
    story.batch()
    assert story.prompt(tokens=80_000) == ["tokens"]


@pytest.mark.parametrize(
    ("limit", "below", "above"),
    [(67_000, 60_200, 60_301), (167_000, 150_200, 150_301), (967_000, 936_900, 937_000)],
)
def test_a_compaction_is_announced_once_well_before_it(
    story: Story, limit: int, below: int, above: int
) -> None:
    story.text += f"tokens {below - 10_000}\n"

    assert story.batch(tokens=below, limit=limit) == []
    assert story.batch(tokens=above, limit=limit) == ["pressure"]
    story.later()
    assert story.batch(tokens=above + 100, limit=limit) == []


def test_a_compaction_is_not_announced_where_hardly_anything_is_new(story: Story) -> None:
    story.text += "tokens 55000\n"

    assert story.batch(tokens=62_000, limit=67_000) == []
    assert story.batch(tokens=65_000, limit=67_000) == ["pressure"]


def test_where_the_client_compacts_is_learned_from_where_it_did(story: Story) -> None:
    story.batch()
    story.tell(boundary.COMPACTING, detail=boundary.AUTO, tokens=97_000)
    story.tell(boundary.BOOT, detail=boundary.COMPACTED, at="2026-11-20T10:00:06.700Z")
    story.text += "tokens 50000\n"
    story.later()

    late = {"tokens_at": "2026-11-20T10:00:07.000Z", "limit": 967_000}
    assert story.batch(tokens=87_000, **late) == []
    assert story.batch(tokens=88_000, **late) == ["pressure"]


def test_a_manual_or_an_early_compaction_teaches_nothing() -> None:
    for detail, tokens in (("manual", 97_000), (boundary.AUTO, 30_000)):
        done = decide(event(boundary.COMPACTING, detail=detail, tokens=tokens), Session())
        assert done == [Action(boundary.MARK_COMPACTING), Action(boundary.ASK_SUMMARY)]


def test_a_compaction_is_nudged_once_after_it(story: Story) -> None:
    story.batch()
    for _ in range(2):  # clients were seen to fire more than once for one compaction
        assert story.tell(boundary.COMPACTING, detail="manual") == []
    assert story.tell(boundary.BOOT, detail=boundary.COMPACTED, at="t") == ["compaction"]
    assert story.tell(boundary.BOOT, detail=boundary.COMPACTED, at="t") == []
    assert story.batch(FLAG) == []


def test_one_request_does_not_carry_the_nudge_after_a_compaction_and_one_more(story: Story) -> None:
    """`/compact` while a background sub-agent finishes: its notice rides with the next boundary."""
    story.batch()
    story.tell(boundary.COMPACTING, detail="manual")
    assert story.tell(boundary.BOOT, detail=boundary.COMPACTED, at="t") == ["compaction"]

    assert story.prompt(detail="notice", done=[(boundary.BACKGROUND, "a")]) == []

    story.tell(boundary.TOOL, commits=[ONE])
    assert story.batch() == ["background", "commit"]


def test_a_compaction_right_behind_a_nudge_is_asked_about_one_request_later(story: Story) -> None:
    story.tell(boundary.TOOL, commits=[ONE])
    assert story.batch() == ["commit"]
    story.tell(boundary.COMPACTING, detail=boundary.AUTO)
    for _ in range(2):
        assert story.tell(boundary.BOOT, detail=boundary.COMPACTED, at="t") == []

    done = decide(event(boundary.BATCH, calls=WORK), fold(story.text))
    assert done == nudge("compaction")
    assert story.batch() == ["compaction"]


def test_a_compaction_that_did_not_come_is_no_boundary(story: Story) -> None:
    story.tell(boundary.COMPACTING, detail=boundary.AUTO)

    assert story.batch() == []
    assert story.prompt() == []


def test_tokens_counted_before_the_compaction_do_not_count(story: Story) -> None:
    story.tell(boundary.BOOT, detail=boundary.COMPACTED, at="2026-11-20T10:00:06.700Z")

    assert story.batch(tokens=168_020, tokens_at="2026-11-20T10:00:06.603Z") == []
    assert fold(story.text).base is None


def test_growth_after_a_compaction_counts_from_the_first_size_after_it(story: Story) -> None:
    story.tell(boundary.BOOT, detail=boundary.COMPACTED, at="2026-11-20T10:00:06.700Z")
    later = "2026-11-20T10:00:07.100Z"

    assert story.batch(tokens=90_000, tokens_at=later) == []
    assert story.batch(tokens=169_999, tokens_at=later) == []
    assert story.batch(tokens=170_000, tokens_at=later) == ["tokens"]


def test_a_fork_is_not_asked_about_what_it_inherited(story: Story) -> None:
    story.tell(boundary.BOOT, detail=boundary.FORKED, tokens=100_000)

    assert story.batch(tokens=101_000) == []
    assert story.batch(tokens=180_000) == ["tokens"]


def test_a_resumed_session_is_asked_about_the_turn_that_was_left(story: Story) -> None:
    story.batch()
    story.tell(boundary.TURN_END, turn="1")
    story.tell(boundary.END, detail="other")
    assert story.tell(boundary.BOOT, detail="resume") == []
    assert story.prompt() == ["turn"]


def test_actions_are_values() -> None:
    assert len({Action("a", ["b"]), Action("a", ("b",)), Action("a")}) == 2
    assert repr(Action("a", ["b"])) == "Action('a', ('b',))"


def called(kind: str, *calls: tuple[str, str], commits: Sequence[str] = ()) -> Event:
    return event(kind, calls=calls, commits=commits, agent="a")


def test_untrusted_text_is_marked_once_between_two_nudges_also_in_a_sub_agent() -> None:
    fetched = called(boundary.TOOL, ("WebFetch", ""))

    assert decide(fetched, Session()) == [Action(boundary.MARK_TAINT, ["WebFetch"])]
    assert decide(fetched, Session(taints=["Bash"])) == []
    assert decide(called(boundary.TOOL, ("Bash", "make")), Session()) == []


def test_a_call_that_fetches_and_commits_leaves_both_marks() -> None:
    both = called(boundary.TOOL, ("Bash", "curl x; git commit"), commits=(ONE,))

    assert decide(both, Session()) == [
        Action(boundary.MARK_TAINT, ["Bash"]),
        *marked(f"commit {ONE}"),
    ]


def test_a_batch_marks_what_a_failed_call_read_before_it_nudges() -> None:
    batch = event(boundary.BATCH, calls=[("Read", ""), ("Bash", "curl --fail x")])

    assert decide(batch, far(pending=["commit"])) == [
        Action(boundary.MARK_TAINT, ["Bash"]),
        *nudge("commit"),
    ]


def test_the_limits_are_what_the_documents_say() -> None:
    assert (policy.SLOW_SECONDS, policy.STEP, policy.BETWEEN) == (60.0, 80_000, 5)


@pytest.mark.parametrize(
    ("model", "window", "limit"),
    [
        ("claude-opus-5-5", 0, 967_000),
        ("claude-opus-4-6", 0, 167_000),
        ("claude-sonnet-4-5[1m]", 0, 967_000),
        ("", 0, 167_000),
        ("claude-opus-5-5", 100_000, 67_000),
        ("claude-haiku-4-5", 1_000_000, 167_000),
        ("claude-opus-5-5", 5, 967_000),
    ],
)
def test_where_a_client_compacts_is_known_as_it_was_measured(
    model: str, window: int, limit: int
) -> None:
    assert context_size.limit(model, window) == limit
