from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gitmem.grounding.judge import Rule, judge
from tests.bench import grounding_rates as rates
from tests.support.growth import LINEAR, growth

# (the rule that must object, the line, what it cites, and after that what it replaces)
FABRICATED = [
    (Rule.H2, "The freeze begins on 2026-05-06.", ["The freeze begins on 5 May 2026."]),
    (Rule.H2, "It was switched off in May 2026.", ["It was switched off in March 2026."]),
    (Rule.H2, "Standup is on Wednesdays.", ["Standup is on Thursdays."]),
    (Rule.H2, "The job runs at 15:00.", ["The job runs at 2 pm."]),
    (Rule.H2, "Since yesterday the build is red.", ["The build is red."]),
    (Rule.H3, "The pool has 32 threads.", ["The pool has 16 threads."]),
    (Rule.H3, "Four of the five regions moved.", ["The five regions moved."]),
    (Rule.H3, "Queues hold 50,000 messages.", ["Queues hold 5,000 messages."]),
    (Rule.H3, "Python 3.1 is the minimum.", ["Python 3.10 is the minimum."]),
    (Rule.H3, "Keep it for \u00bd a day.", ["Keep it for a day."]),
    (Rule.H4, "The cache lives for 300 minutes.", ["The cache lives for 300 seconds."]),
    (Rule.H4, "The limit is 50 requests per minute.", ["The limit is 50 requests per second."]),
    (Rule.H4, "It is rotated monthly.", ["It is rotated."]),
    (Rule.H4, "15 logins lock the account for 5 days.", ["5 logins lock the account for 15 days."]),
    (Rule.H4, "Version 3.8 drops Python 4.", ["Version 4 drops Python 3.8."]),
    (Rule.H5, "Run `helm uninstall`.", ["Run `helm rollback`."]),
    (Rule.H5, "Use `git push`.", ["Use `git push --dry-run`."]),
    (Rule.H5, "Read config/features.toml.", ["Read config/flags.toml."]),
    (Rule.H5, "Read /etc.", ["Read /etc/passwd."]),
    (Rule.H5, "Postgres is at 10.0.3.", ["Postgres is at 10.0.3.7."]),
    (Rule.H5, "Mail goes through relay.example.net.", ["Mail goes through the relay."]),
    (Rule.H5, "Ask dba@example.org.", ["Ask the database team."]),
    (Rule.H5, "Pass --pedantic.", ["Pass --strict."]),
    (Rule.H5, "Set HTTP_PROXY.", ["Set HTTPS_PROXY."]),
    (Rule.H5, "See commit 4be91d2.", ["See commit 9ac07f1."]),
    (Rule.H5, "Use SDK v2.1.", ["Use SDK v2.2."]),
    (Rule.H6, "Logs are shipped to Datadog.", ["Logs are shipped."]),
    (Rule.H6, "As Greta said, tests stay offline.", ["Tests stay offline."]),
    (Rule.H7, "The scheduler is not safe to restart.", ["The scheduler is safe to restart."]),
    (Rule.H7, "Tests run without the network.", ["Tests run with the network."]),
    (Rule.H7, "Edit it by hand.", ["Dont edit it by hand."]),
    (Rule.H7, "Linux is static and macOS is static.", ["Linux is static.", "macOS is not static."]),
    (Rule.H7, "Merge commits are allowed.", ["Merge commits are forbidden."]),
    (Rule.H7, "The caches are filled and hit.", ["The caches are not filled and not hit."]),
    (Rule.H7, "Le cache expire toujours.", ["Le cache n'expire pas toujours.", "Le cache jamais."]),
    (Rule.H8, "Run it after tagging.", ["Run it before tagging."]),
    (Rule.H8, "The flag is off for new accounts.", ["The flag is on for new accounts."]),
    (Rule.H8, "It is unsafe to restart.", ["It is safe to restart."]),
    (Rule.H8, "Keep lines over 100 characters.", ["Keep lines under 100 characters."]),
    (Rule.H8, "Ask Sofia and Mehmet.", ["Ask Sofia or Mehmet."]),
    (Rule.H8, "Pages have at least 100 items.", ["Pages have no more than 100 items."]),
    (Rule.H9, "Use tabs, not spaces.", ["Use spaces, not tabs."]),
    (Rule.H9, "Use yarn instead of pnpm.", ["Use pnpm instead of yarn."]),
    (Rule.H10, "The leak is in the decoder.", ["I think the leak is in the decoder."]),
    (Rule.H10, "The job takes an hour.", ["The job usually takes an hour."]),
    (Rule.H10, "Drop Python 3.10.", ["Drop Python 3.10?"]),
    (Rule.H10, "The parser is in Rust.", ["We plan the parser in Rust."]),
    (Rule.H10, "The cache must be cleared.", ["The cache can be cleared."]),
    (Rule.H10, "The cache can be cleared.", ["The cache must be cleared."]),
    (Rule.H10, "Backups are encrypted.", ["Backups should be encrypted."]),
    (Rule.H10, "The parser was rewritten.", ["The parser is being rewritten."]),
    (Rule.H11, "It runs on x86 because of memory.", ["It runs on x86.", "It needs memory."]),
    (Rule.H11, "Tom left, so the docs are late.", ["Tom left.", "The docs are late."]),
    (Rule.H12, "Oleg reviews Marta.", ["Marta reviews Oleg."]),
    (Rule.H12, "The gateway is called by the worker.", ["The gateway calls the worker."]),
    (Rule.H12, "Service A depends on service B.", ["Service B depends on service A."]),
    (Rule.H12, "Jonas took over from Priya.", ["Priya took over from Jonas."]),
    (Rule.H13, "Postgres is at 10.0.3.9.", ["Postgres is at 10.0.3.7.", "Redis is at 10.0.3.9."]),
    (Rule.H13, "retries: 3; timeout: 30", ["retries: 30; timeout: 3"]),
    (Rule.H13, "Delete the backups weekly.", ["Delete the logs weekly, keep the backups."]),
    (Rule.H13, "Use B to read, A to write.", ["Use A to read, B to write."]),
    (Rule.H13, "The cap is 10 MB.", ["The cap is 25 MB now."], ["The cap is 10 MB."]),
    (Rule.H14, "All tests need Redis.", ["The integration tests need Redis."]),
    (Rule.H14, "Deploys go to staging.", ["Deploys go to staging if the tests pass."]),
    (Rule.H14, "Keys rotate weekly.", ["Keys rotate weekly on staging only."]),
    (Rule.H15, "It is red, and customers were informed.", ["It is red."]),
    (Rule.H17, "Push ke main.", ["Jangan push ke main."]),
    (Rule.S1, "Routes are computed.", ["Routes exist."]),
    (Rule.S2, "The parser needs fonts.", ["The parser is in Rust.", "Screenshots need fonts."]),
    (Rule.S3, "Ingrid.", ["Ask."]),
    (Rule.S4, "Docs are in Markdown for simplicity.", ["Docs are in Markdown."]),
    (Rule.S4, "The importer keeps such rows.", ["The importer skips such rows."]),
]

# (the line, what it cites, and after that what it replaces)
FAITHFUL = [
    ("The freeze begins on the 5th of May 2026.", ["Freeze begins 2026-05-05."]),
    ("The contract ends in December.", ["The contract ends on 31 December 2026."]),
    ("The job runs at 2 pm.", ["The job runs at 14:00."]),
    ("The set has 2.5 million rows.", ["The set has 2,500,000 rows."]),
    ("Three replicas are required.", ["3 replicas are required."]),
    ("Twenty-five nodes are up.", ["25 nodes are up."]),
    ("Old tokens are valid for one hour.", ["Old tokens are valid for an hour."]),
    ("Responses over 200ms are logged.", ["Responses over 200 ms are logged."]),
    ("Half is 50% of it.", ["Half is 50 per cent of it."]),
    ("Call `sync_all` there.", ["Call sync_all() there."]),
    ("Use GitHub.", ["use github"]),
    ("Requires Go 1.23 or later.", ["Go 1.23 or later is required."]),
    ("At most 100 items per page.", ["Pages have no more than 100 items."]),
    ("Never push to `main`.", ["Don't push to `main`."]),
    (
        "The installer cannot run without admin rights.",
        ["The installer needs admin rights to run."],
    ),
    ("Use spaces, not tabs.", ["Use spaces instead of tabs."]),
    ("The API doesn't return deleted items.", ["Deleted items are not returned by the API."]),
    ("No merge commits allowed.", ["Merge commits are forbidden."]),
    (
        "Builds on Linux are static, on macOS not.",
        ["Linux builds are static, macOS builds are not."],
    ),
    ("Jonas maintains the charts.", ["The charts are maintained by Jonas."]),
    ("Paths over 260 break the tool.", ["The tool breaks with paths over 260."]),
    ("On macOS, `sed -i` needs one.", ["`sed -i` needs one on macOS."]),
    ("The default is B.", ["Default is B now, no longer A."], ["The default is A."]),
    ("Debugging is disabled.", ["Disabled debugging."], ["Debugging is enabled."]),
    ("The cap is 25 MB, for each file.", ["Cap is 25 MB."], ["The cap is 10 MB, for each file."]),
    ("Die Migration braucht Postgres 16.", ["Die Migration braucht nur noch Postgres 16."]),
]

LINES = st.one_of(
    st.text(max_size=120),
    st.lists(
        st.one_of(
            st.sampled_from(" ".join(str(row[1]) for row in FABRICATED).split()),
            st.text(alphabet="0123456789-:./`,;'\"()$%_@# apmMy\u0660\u00b2\u00bd", max_size=8),
        ),
        max_size=25,
    ).map(" ".join),
)
FAITHFUL_CASES = [case for name in rates.SETS for case in rates.cases(name) if case.faithful]


def rules(line: str, sources: Sequence[str], replaced: Sequence[str] = ()) -> set[Rule]:
    verdict = judge(line, sources, replaced)
    assert all(finding.rule.hard for finding in verdict.hard)
    assert not any(finding.rule.hard for finding in verdict.soft)
    return {finding.rule for finding in (*verdict.hard, *verdict.soft)}


@pytest.mark.parametrize("row", FABRICATED, ids=lambda row: f"{row[0]}: {row[1]}")
def test_a_fabrication_is_named_by_its_rule(row: tuple[Rule, str, list[str]]) -> None:
    rule, line, *rest = row

    assert rule in rules(line, *rest)


@pytest.mark.parametrize("row", FAITHFUL, ids=lambda row: row[0])
def test_a_faithful_rewording_has_no_hard_finding(row: tuple[str, list[str]]) -> None:
    line, *rest = row

    assert judge(line, *rest).hard == ()


def test_every_rule_is_shown_to_object_to_something() -> None:
    # H16 is about what is left out: tests/grounding/test_grounding_losses.py.
    assert {row[0] for row in FABRICATED} == set(Rule) - {Rule.H16}


def test_a_finding_says_what_is_wrong_in_words_for_the_reviewer() -> None:
    verdict = judge("The pool has 32 threads.", ["The pool has 16 threads."])

    assert verdict.hard[0].what == "the number 32 is in none of the cited flags"


def test_what_only_the_replaced_line_says_may_be_kept() -> None:
    replaced = ["Use pnpm 9 and Node 22 for the web client."]
    line = "Use pnpm 10 and Node 22 for the web client."

    assert judge(line, ["Web client moved to pnpm 10."], replaced).hard == ()
    assert Rule.H3 in rules(line, ["Web client moved to pnpm 10."])


def test_a_line_that_cites_nothing_is_not_grounded() -> None:
    assert judge("Deploys run on Friday.", []).hard


@given(LINES, st.lists(LINES, max_size=3), st.lists(LINES, max_size=2))
@example("", [], [])
@example("\ud800", ["\udfff"], ["\x01\x02"])
@example("\x019999-99-99 \x0299:99", ["\x01"], [])
@example("`" * 50, ["``"], ["`a"])
def test_any_text_is_judged(line: str, sources: list[str], replaced: list[str]) -> None:
    verdict = judge(line, sources, replaced)

    assert verdict == judge(line, sources, replaced)


@given(LINES, st.lists(LINES, max_size=2))
def test_the_words_of_a_cited_flag_are_grounded(line: str, others: list[str]) -> None:
    verdict = judge(line, [*others, line])

    assert (verdict.hard, verdict.soft) == ((), ())


@given(st.sampled_from(FAITHFUL_CASES), st.integers(min_value=0, max_value=10**9))
def test_no_number_gets_through_that_no_flag_has(case: rates.Case, number: int) -> None:
    known = " ".join((case.text, *case.sources, *case.replaced))
    assume(str(number) not in re.sub(r"[,_]", "", known))
    assume(not (number < 20 and re.search(r"[a-z]", known)))  # it may be there as a word
    line = f"{case.text.rstrip('.')}, {number}."

    assert judge(line, case.sources, case.replaced).hard


@given(
    st.sampled_from(FAITHFUL_CASES),
    st.from_regex(
        r"`[b-y]{4,9} [b-y]{4,9}`|https://[b-y]{4,9}\.example|[b-y]{3,8}/[b-y]{3,8}|"
        r"--[b-y]{4,9}|[B-Y]{4,9}_[B-Y]{4,9}|[b-y]{4,9}@[b-y]{4,9}\.example|"
        r"(?:rm|curl) -[b-y]{2,5}",
        fullmatch=True,
    ),
)
def test_no_command_path_or_address_gets_through_that_no_flag_has(
    case: rates.Case, invented: str
) -> None:
    assume(not any(invented.strip("`") in text for text in (*case.sources, *case.replaced)))
    line = f"{case.text.rstrip('.')} {invented}"

    assert Rule.H5 in rules(line, case.sources, case.replaced)


@given(
    st.sampled_from(FAITHFUL_CASES), st.from_regex(r"[B-Z][aeou][klmnp]{2}[aou]", fullmatch=True)
)
def test_no_name_gets_through_that_no_flag_has(case: rates.Case, name: str) -> None:
    known = " ".join((*case.sources, *case.replaced)).lower()
    assume(name[:3].lower() not in known)
    line = f"{case.text.rstrip('.')}, says {name}"

    assert judge(line, case.sources, case.replaced).hard


@pytest.mark.parametrize(
    "piece",
    [
        "a, b c d. ",
        "not a, ",
        "`x` ",
        "12 34, ",
        "because a so b, ",
        "by a to b from c before d, ",
        "if a when b but c, ",
        "Tom reviews Elif, ",
        "10 apples and 3 pears, ",
        "May 5 ",
        "no more than ",
        "2026-",
        "a/b_",
        "I think. ",
    ],
)
def test_the_time_grows_with_the_text(piece: str) -> None:
    assert growth(lambda text: judge(text, [f"{text} z"]), piece) < LINEAR


def test_the_verdict_does_not_depend_on_the_order_of_a_hash() -> None:
    code = (
        "from tests.bench.grounding_rates import SETS, cases\n"
        "from gitmem.grounding.judge import judge\n"
        "print([judge(c.text, c.sources, c.replaced) for s in SETS for c in cases(s)])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=rates.ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }

    assert len(said) == 1


def test_the_published_rates_are_what_the_script_computes() -> None:
    published = rates.DOCUMENT.read_text(encoding="utf-8")

    assert rates.document(published) == published


@pytest.mark.parametrize("run", rates.first_runs(), ids=lambda run: run.name)
def test_a_first_run_belongs_to_the_cases_as_they_were_then(run: rates.FirstRun) -> None:
    assert run.cases_sha256 == rates.digest(run.name)
    assert set(run.found) <= {case.id for case in rates.cases(run.name)}


@pytest.mark.parametrize("name", rates.SETS)
def test_a_set_has_no_case_twice_and_no_fabrication_that_a_flag_says(name: str) -> None:
    cases = rates.cases(name)

    assert len({case.id for case in cases}) == len(cases)
    assert not [case for case in cases if not case.faithful and case.text in case.sources]


@pytest.mark.parametrize(("hits", "of", "low", "high"), [(13, 20, 0.43, 0.82), (0, 66, 0, 0.06)])
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert rates.wilson(hits, of) == pytest.approx((low, high), abs=0.006)
