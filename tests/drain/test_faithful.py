"""What a close writes of a model's wording, and that the published rates are those of this policy."""

from __future__ import annotations

import pytest

from gitmem.drain.faithful import faithful, findings, refuses
from gitmem.drain.gate import check
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.drain.prompting import make_question, read_operations
from gitmem.grounding.judge import Rule
from gitmem.memory.tree import MemoryLine
from tests.bench import grounding_rates as rates
from tests.support.queues import new_flag


def written(text: str, sources: tuple[str, ...], replaced: tuple[str, ...] = ()) -> list[str]:
    """The lines that a merge of these flags into one wording comes to."""
    flags = tuple(new_flag(source) for source in sources)
    merged = Operation(
        op=Op.SUPERSEDE if replaced else Op.MERGE,
        flags=tuple(flag.id for flag in flags),
        file="memory/facts.md",
        text=text,
        replaced=tuple(MemoryLine(file="memory/facts.md", text=line) for line in replaced),
    )
    request = Request(work=Work.MEMORY, flags=flags, files=("memory/facts.md",))
    return [operation.text for operation in faithful(request, [merged])]


def test_one_invented_word_is_refused_and_so_are_many() -> None:
    source = "The importer skips such rows."

    assert written("The importer keeps such rows.", (source,)) == [source]
    assert written("Routes are computed nightly elsewhere.", ("Routes exist.",)) == [
        "Routes exist."
    ]
    assert written("Routes are computed.", ("Routes exist.",)) == ["Routes exist."]


@pytest.mark.parametrize(
    ("flag", "old", "text"),
    [
        (
            "Frames are kept 30 days on hubd's card now that it has 64 GB; the oldest go first",
            "hubd keeps frames on its card for 14 days when the line is down, oldest dropped first",
            "hubd keeps frames on its card (64 GB) for 30 days when the line is down, oldest dropped first",
        ),
        (
            "the table samples is gone; readings are in readings_v2",
            "Ingest writes readings into the table samples",
            "Ingest writes readings into readings_v2; the table samples is gone",
        ),
    ],
)
def test_a_word_and_its_opposite_that_stand_in_one_line_may_stand_in_the_next(
    flag: str, old: str, text: str
) -> None:
    assert written(text, (flag,), (old,)) == [text]


def test_what_a_flag_says_the_opposite_of_is_not_said_again() -> None:
    flag = "The cache is disabled in staging now"
    old = "The cache is enabled in staging, disabled in production"

    assert written(f"{old}, and shared", (flag,), (old,)) == [flag]
    assert written("The cache is enabled in staging now", (flag,), (old,)) == [flag]


def test_only_one_rule_is_left_to_the_reviewer() -> None:
    assert [rule for rule in Rule if not refuses(rule)] == [Rule.S2]


@pytest.mark.parametrize("name", rates.SETS)
def test_the_rates_count_what_a_close_writes(name: str) -> None:
    for case in rates.cases(name):
        refused = any(map(refuses, rates.today(case)))
        own = written(case.text, case.sources, case.replaced)
        assert (own != [case.text]) is (refused and case.text not in case.sources), case


def test_a_refusing_rule_is_told_in_words_that_quote_nothing_of_the_line() -> None:
    line = "Routes are computed by zorblax elsewhere."
    refusing, _ = findings(line, ["Routes exist."], [])

    assert refusing
    assert written(line, ("Routes exist.",)) == ["Routes exist."]


def outcome(
    op: Op, flags: tuple[str, ...], *, text: str = "", survivor: str = "", reason: str = ""
) -> list[Operation]:
    """What one operation of a model comes to, for flags with these texts."""
    made = tuple(new_flag(flag) for flag in flags)
    line = MemoryLine(file="memory/facts.md", text=survivor)
    told = Operation(
        op=op,
        flags=tuple(flag.id for flag in made),
        file="memory/facts.md",
        text=text,
        replaced=(line,) if survivor and op is not Op.DUPLICATE else (),
        survivor=survivor if op is Op.DUPLICATE else "",
        reason=reason,
    )
    request = Request(work=Work.MEMORY, flags=made, files=("memory/facts.md",))
    return list(faithful(request, [told]))


def test_a_merge_into_one_flags_own_words_does_not_drop_the_others() -> None:
    flags = tuple(f"job {number} runs at 0{number}:00" for number in range(1, 8))

    found = outcome(Op.MERGE, flags, text=flags[0], survivor="jobs run at night")

    assert [(one.op, one.text, one.replaced) for one in found] == [
        (Op.KEEP, flag, ()) for flag in flags
    ]


def test_a_merge_that_loses_what_the_line_says_leaves_the_line() -> None:
    (found,) = outcome(
        Op.MERGE,
        ("the API listens on 8080",),
        text="the API listens on 8080",
        survivor="the API speaks HTTP/2 and needs a token from vault",
    )

    assert (found.op, found.replaced) == (Op.KEEP, ())


def test_a_line_about_something_else_is_not_replaced() -> None:
    (found,) = outcome(
        Op.SUPERSEDE, ("the build uses uv",), survivor="backups are kept for 30 days"
    )

    assert (found.op, found.text, found.replaced) == (Op.KEEP, "the build uses uv", ())
    assert "about something else" in found.reason


def test_a_duplicate_of_what_does_not_say_it_is_kept() -> None:
    (kept,) = outcome(Op.DUPLICATE, ("the build uses uv",), survivor="the API listens on port 8080")
    (folded,) = outcome(
        Op.DUPLICATE, ("API port is 8080",), survivor="the API listens on port 8080"
    )

    assert (kept.op, kept.text) == (Op.KEEP, "the build uses uv")
    assert folded.op is Op.DUPLICATE


@pytest.mark.parametrize(
    ("work", "usual"),
    [
        (Work.MEMORY, "memory/facts.md"),
        (Work.PENDING, "memory/PENDING.md"),
        (Work.RULES, "CLAUDE.md"),
    ],
)
def test_what_is_no_duplicate_after_all_goes_where_it_would_have_gone(
    work: Work, usual: str
) -> None:
    flag = new_flag("the build uses uv")
    line = MemoryLine(file=usual, text="the API listens on port 8080")
    request = Request(
        work=work, flags=(flag,), files=(usual,), existing=(line,), usual={flag.id: usual}
    )
    question = make_question(request, "")
    answer = {"op": "duplicate", "flags": ["f1"], "lines": ["m1"]}

    told = read_operations(request, question.labels, {"operations": [answer]})
    passed = check(request, faithful(request, told), folder="memory")

    assert passed.left == ()
    assert [(one.file, one.text) for one in passed.operations] == [(usual, flag.text)]


@pytest.mark.parametrize("mark", ["# ", "> ", "- ", "* ", "## ", "1. ", "| ", "```", "--- "])
def test_a_rewording_that_begins_a_block_of_markdown_is_refused(mark: str) -> None:
    flag = "push the branch before tagging"

    (found,) = outcome(Op.MERGE, (flag,), text=f"{mark}push the branch before tagging")

    assert found.text == flag


def test_a_reason_to_skip_brings_no_name_and_no_address_into_the_record() -> None:
    (invented,) = outcome(Op.SKIP, ("hello",), reason="fixed by Maria, see https://evil.example/x")
    (plain,) = outcome(Op.SKIP, ("hello",), reason="a greeting, of no use later")

    assert "Maria" not in invented.reason
    assert plain.reason == "a greeting, of no use later"


def test_a_replacement_of_nothing_does_not_become_a_sound_operation() -> None:
    flag = new_flag("Routes exist.")
    wild = Operation(op=Op.SUPERSEDE, flags=(flag.id,), file="memory/facts.md", text="x")
    request = Request(work=Work.MEMORY, flags=(flag,), files=("memory/facts.md",))

    assert faithful(request, [wild]) == (wild,)


README = "The README of branch X must say that deleting it loses history"


def test_a_refused_rewording_does_not_let_another_fact_go() -> None:
    (found,) = outcome(
        Op.SUPERSEDE,
        ("X was renamed to Y",),
        text="The README of branch Y must say that deleting Y loses 3 years of history",
        survivor=README,
    )

    assert (found.op, found.text, found.replaced) == (Op.KEEP, "X was renamed to Y", ())
    assert "a rewording was refused" in found.reason
    assert "the line it was to replace stays, too, because it says more: README" in found.reason


def test_own_words_that_a_model_chose_do_not_let_another_fact_go_either() -> None:
    (found,) = outcome(Op.SUPERSEDE, ("X was renamed to Y",), survivor=README)

    assert (found.op, found.replaced) == (Op.KEEP, ())
    assert "stays, too" in found.reason


def test_a_grounded_rewording_that_drops_half_of_the_line_leaves_the_line() -> None:
    flag = "branch X was renamed to Y"

    (found,) = outcome(Op.SUPERSEDE, (flag,), text="Branch X was renamed to Y.", survivor=README)

    assert (found.op, found.text, found.replaced) == (Op.KEEP, flag, ())
    assert "stays, too" in found.reason


def test_a_rewording_that_carries_the_line_replaces_it() -> None:
    (found,) = outcome(
        Op.SUPERSEDE,
        ("the rate limit was raised to 60 requests per minute",),
        text="The rate limit is 60 requests per minute; bursts of 10 are fine.",
        survivor="The rate limit is 30 requests per minute; bursts of 10 are fine.",
    )

    assert (found.op, found.text[:30]) == (Op.SUPERSEDE, "The rate limit is 60 requests ")


def test_several_flags_that_replace_a_line_in_their_own_words_leave_it() -> None:
    found = outcome(
        Op.SUPERSEDE,
        ("deploys use ArgoCD now", "deploys need a tag"),
        survivor="deploys use Jenkins",
    )

    assert [(one.op, one.replaced) for one in found] == [(Op.KEEP, ()), (Op.KEEP, ())]
    assert all("stays, too" in one.reason for one in found)


def test_a_merge_that_drops_a_clause_of_the_line_leaves_the_line() -> None:
    (found,) = outcome(
        Op.MERGE,
        ("the cache is cleared nightly",),
        text="The cache is cleared nightly and lives in Redis.",
        survivor="The cache lives in Redis, and operators hate its eviction",
    )

    assert (found.op, found.replaced) == (Op.KEEP, ())


def test_a_duplicate_of_a_flag_is_one_of_the_line_that_this_flag_comes_to() -> None:
    one, two = new_flag("deploys need a tag and an approval"), new_flag("deploys need an approval")
    request = Request(work=Work.MEMORY, flags=(one, two), files=("memory/facts.md",))
    told = [
        Operation(op=Op.DUPLICATE, flags=(two.id,), file="", survivor=one.id),
        Operation(
            op=Op.SUPERSEDE,
            flags=(one.id,),
            file="memory/facts.md",
            text="Deploys need a tag.",
            replaced=(MemoryLine(file="memory/facts.md", text="deploys need a tag"),),
        ),
    ]

    first, second = faithful(request, told)

    assert (first.op, first.text) == (Op.KEEP, "deploys need an approval")
    assert second.op in {Op.SUPERSEDE, Op.KEEP}


def test_a_rule_that_says_more_than_the_lesson_stays() -> None:
    flag = new_flag("the build was slow", kind="snag", better="Run make with -j2")
    request = Request(work=Work.RULES, flags=(flag,), files=("CLAUDE.md",))
    told = Operation(
        op=Op.SUPERSEDE,
        flags=(flag.id,),
        file="CLAUDE.md",
        replaced=(MemoryLine(file="CLAUDE.md", text="Run make with -j1 and never as root"),),
    )

    (found,) = faithful(request, [told])

    assert (found.op, found.text, found.replaced) == (Op.EDIT, "Run make with -j2", ())


@pytest.mark.parametrize("text", ["y", "no", "It is.", "In the", "x"])
def test_a_wording_that_has_no_word_of_the_flag_is_refused(text: str) -> None:
    source = "Install packages with pnpm, not with npm"

    assert written(text, (source,)) == [source]
