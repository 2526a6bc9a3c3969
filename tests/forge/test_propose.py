"""Close --pr: one review branch, one request that grows, and nothing of anybody is overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitmem.bootstrap import assets
from gitmem.check.terms import STRICT
from gitmem.close.close import CloseRequest, CloseResult
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.drain.ports import Answer, Engine
from gitmem.drain.verbatim import Verbatim
from gitmem.forge.deliver import Forge, ForgeSettings, Method
from gitmem.forge.propose import ProposeResult, propose
from gitmem.git.network import Talk
from gitmem.records.in_review import outdated
from gitmem.review.forget import ForgetRequest
from gitmem.review.forget import forget as run_forget
from tests.support.desk import Desk
from tests.support.landing import BRANCH
from tests.support.sandbox import Sandbox
from tests.support.scripted import Scripted

REVIEW = f"refs/heads/{BRANCH}"


class Judge(Verbatim):
    """Rewords, differently each time it is made, and counts the flags that it is asked about."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.asked: list[str] = []

    name = "judge"
    model = "judge-1"

    def run(self, request: Request) -> Answer:
        self.asked += [flag.text for flag in request.flags]
        if request.work is not Work.MEMORY:
            return super().run(request)
        return Answer(
            operations=tuple(
                Operation(
                    op=Op.KEEP,
                    flags=(flag.id,),
                    file=request.usual[flag.id],
                    text=f"{self.word}: {flag.text}",
                )
                for flag in request.flags
            ),
            model=self.model,
        )


class Project:
    """A bare repository as the remote, and two clones with gitmem."""

    def __init__(self, folder: Path) -> None:
        seed = Sandbox(folder / "seed")
        seed.path.mkdir()
        seed.git("init", "--quiet")
        seed.commit(
            "start", {"README.md": "# A project\n", "CLAUDE.md": "# Rules\n\n- Be brief.\n"}
        )
        self.folder = folder
        self.bare = Sandbox(folder / "project.git")
        seed.git("clone", "--quiet", "--bare", ".", str(self.bare.path))
        self.one = self.clone("one")
        self.two = self.clone("two")
        self.reviewer = self.clone("reviewer").sandbox

    def clone(self, name: str) -> Desk:
        path = self.folder / name
        self.bare.git("clone", "--quiet", self.bare.path.as_uri(), str(path))
        return Desk(sandbox=Sandbox(path))

    def hook(self, name: str, script: str) -> None:
        path = self.bare.path / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + script, encoding="utf-8")
        path.chmod(0o755)

    def tip(self) -> str:
        return self.bare.git("rev-parse", "--verify", "--quiet", REVIEW, check=False)

    def review(self, change: str, path: str, text: str) -> str:
        """A reviewer pushes a commit to the review branch."""
        self.reviewer.git("fetch", "--quiet", "origin")
        self.reviewer.git("checkout", "--quiet", "-B", "look", f"origin/{BRANCH}")
        made = self.reviewer.commit(change, {path: text})
        self.reviewer.git("push", "--quiet", "origin", f"look:{BRANCH}")
        return made

    def land(self, *, delete: bool = True) -> None:
        """Squashes the review onto main, as a forge does."""
        self.reviewer.git("fetch", "--quiet", "--prune", "origin")
        self.reviewer.git("checkout", "--quiet", "-B", "main", "origin/main")
        self.reviewer.git("merge", "--quiet", "--squash", f"origin/{BRANCH}")
        self.reviewer.git("commit", "--quiet", "-m", "memory")
        self.reviewer.git("push", "--quiet", "origin", "main")
        if delete:
            self.bare.git("branch", "-D", BRANCH)

    def lines(self, path: str = "memory/facts.md") -> list[str]:
        text = self.bare.git("show", f"main:{path}", check=False)
        return [line[2:] for line in text.splitlines() if line.startswith("- ")]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def terms(**fields: object) -> ForgeSettings:
    return ForgeSettings(template=assets.read("templates/pr/body.md"), **fields)  # type: ignore[arg-type]  # a test's options


def pr(
    desk: Desk, engine: Engine | None = None, **fields: object
) -> tuple[CloseResult, ProposeResult]:
    wanted = CloseRequest(engine=engine or Verbatim(), configured=desk.target, folder=desk.folder)
    return propose(desk.repo, wanted, terms(**fields), Talk())


def in_review(desk: Desk) -> list[str]:
    return desk.lines("memory/facts.md")


# ---------------------------------------------------------------- the branch


def test_the_review_is_pushed_once_and_a_second_run_changes_nothing(project: Project) -> None:
    project.one.flag("a fact")

    closed, done = pr(project.one)
    again = pr(project.one)[1]

    assert done.problem == ""
    assert (done.pushed, done.commit, done.title) == (True, closed.commit, "memory: file 1 flag")
    assert project.tip() == closed.commit
    assert (again.pushed, again.commit, again.problem) == (False, closed.commit, "")


def test_a_review_that_is_not_there_yet_is_nothing_fatal_to_a_person(project: Project) -> None:
    project.one.flag("a fact")
    heard: list[bytes] = []
    wanted = CloseRequest(engine=Verbatim(), configured="main", folder="memory")

    propose(project.one.repo, wanted, terms(), Talk(heard.append))

    said = b"".join(heard)
    assert b"Writing objects" in said
    assert b"fatal" not in said


def test_with_nothing_to_drain_nothing_is_pushed(project: Project) -> None:
    closed, done = pr(project.one)

    assert (closed.commit, done.commit, done.problem, project.tip()) == ("", "", "", "")


def test_the_next_close_adds_to_the_same_branch(project: Project) -> None:
    project.one.flag("first")
    pr(project.one)
    before = project.tip()
    project.one.flag("second")

    done = pr(project.one)[1]

    assert done.title == "memory: file 2 flags"
    assert project.bare.git("rev-parse", f"{project.tip()}^") == before


def test_what_reviewers_pushed_is_stacked_upon(project: Project) -> None:
    project.one.flag("first")
    pr(project.one)
    text = project.one.show("memory/facts.md").replace("first", "first, as a reviewer has it")
    theirs = project.review("as reviewed", "memory/facts.md", text)
    project.one.flag("second")

    done = pr(project.one)[1]

    assert done.problem == ""
    assert project.bare.git("rev-parse", f"{project.tip()}^") == theirs
    assert in_review(project.one) == ["first, as a reviewer has it", "second"]


def test_another_clone_s_review_is_taken_in_and_grows(project: Project) -> None:
    project.one.flag("of one")
    pr(project.one)
    project.two.flag("of two")

    done = pr(project.two)[1]

    assert done.title == "memory: file 2 flags"
    assert in_review(project.two) == ["of one", "of two"]
    assert project.two.states() == {"in review": ["of one", "of two"]}


def test_two_reviews_of_one_queue_become_one_and_nobody_is_asked_twice(project: Project) -> None:
    both = ["shared one", "shared two"]
    for text in both:
        project.one.flag(text)
    pr(project.two)  # it takes the queue once there is one
    landing_sync(project.one)
    landing_sync(project.two)
    project.two.flag("only of two")
    judge = Judge("two says")
    project.two.close(engine=judge)

    pr(project.one, Judge("one says"))
    asked = list(judge.asked)
    closed, done = pr(project.two, judge)

    assert done.problem == ""
    assert judge.asked == asked, "a stored judgement was asked for again"
    assert told(in_review(project.two)) == ["shared one", "shared two", "only of two"]
    assert [outcome.flag.text for outcome in closed.outcomes] == ["only of two"]
    assert closed.run.kept == 1
    assert project.tip() == closed.commit


def told(lines: list[str]) -> list[str]:
    """The lines without what a judge put before them; a wording that is refused has nothing there."""
    return [line.rpartition("says: ")[2] for line in lines]


def landing_sync(desk: Desk) -> None:
    from gitmem.sync import sync

    sync.sync(desk.repo, sync.SyncRequest(configured=desk.target))


def test_the_second_of_two_drains_is_rebuilt_on_the_moved_target_by_one_command(
    project: Project,
) -> None:
    for text in ("shared one", "shared two"):
        project.one.flag(text)
    project.one.flag("hung", "snag", better="Run it with --offline")
    landing_sync(project.one)
    landing_sync(project.two)
    project.two.flag("only of two")
    project.two.flag("failed", "snag", better="Use the other port")
    judge = Judge("two says")
    project.two.close(engine=judge)
    pr(project.one, Judge("one says"))
    project.land()
    asked = list(judge.asked)

    closed, done = pr(project.two, judge)

    assert done.problem == ""
    assert any("rebuilt" in note for note in closed.notes)
    assert judge.asked == asked, "a stored judgement was asked for again"
    assert sorted(outcome.flag.text for outcome in closed.outcomes) == ["failed", "only of two"]
    project.land()
    assert told(project.lines()) == ["shared one", "shared two", "only of two"]
    assert project.lines("CLAUDE.md").count("Run it with --offline (hung)") == 1
    assert project.lines("CLAUDE.md").count("Use the other port (failed)") == 1
    project.two.sandbox.git("fetch", "--quiet", "--prune")
    assert project.two.check().ok(STRICT)


def test_a_judgement_is_asked_for_again_where_a_line_came_that_may_be_about_the_same(
    project: Project,
) -> None:
    project.one.flag("the nightly export needs Java 21 now")
    project.two.flag("Java 21 runs the nightly export")
    judge = Judge("two says")
    project.two.close(engine=judge)
    pr(project.one, Judge("one says"))
    project.land()
    project.two.sandbox.git("fetch", "--quiet", "--prune")
    asked = len(judge.asked)

    project.two.close(engine=judge)

    # The target moved and git cannot merge the two new files, so the review was rebuilt.
    assert judge.asked[asked:] == ["Java 21 runs the nightly export"]


def test_a_merge_of_flags_of_which_one_landed_is_judged_again(project: Project) -> None:
    first, second = project.two.flag("one half"), project.two.flag("other half")
    landing_sync(project.two)

    class Merges(Judge):
        def run(self, request: Request) -> Answer:
            self.asked += [flag.text for flag in request.flags]
            if len(request.flags) < 2:
                return super().run(request)
            merged = Operation(
                op=Op.MERGE,
                flags=(first, second),
                file="memory/facts.md",
                text="one half other half",
            )
            return Answer(operations=(merged,))

    judge = Merges("alone")
    project.two.close(engine=judge)
    landing_sync(project.one)
    project.one.drop(second)
    project.one.close()
    project.one.sandbox.git("push", "--quiet", "origin", BRANCH)
    project.land()
    project.two.sandbox.git("fetch", "--quiet", "--prune")

    project.two.close(engine=judge)

    assert project.two.states().get("undrained") is None
    assert project.two.states().get("in review") is None


def test_a_review_that_was_discarded_is_replaced_at_the_remote(project: Project) -> None:
    project.one.flag("a fact")
    old = pr(project.one)[0].commit
    project.one.discard()
    project.one.drop(project.one.status().state.undrained[0].id)
    project.one.flag("another")

    done = pr(project.one)[1]

    assert done.problem == ""
    assert project.tip() not in ("", old)
    assert in_review(project.one) == ["another"]


def test_a_dropped_flag_leaves_the_pushed_review(project: Project) -> None:
    gone = project.one.flag("not true")
    project.one.flag("true")
    pr(project.one)
    project.one.drop(gone)

    done = pr(project.one)[1]

    assert done.problem == ""
    assert project.tip() == done.commit
    assert in_review(project.one) == ["true"]


@pytest.mark.parametrize("delete", [True, False])
def test_after_landing_the_review_restarts_from_the_target(
    project: Project, *, delete: bool
) -> None:
    project.one.flag("first")
    pr(project.one)
    project.land(delete=delete)
    project.one.flag("second")

    closed, done = pr(project.one)

    assert done.problem == ""
    assert closed.base == project.bare.git("rev-parse", "main")
    assert (project.tip(), done.title) == (closed.commit, "memory: file 1 flag")


def test_a_request_closed_without_landing_is_proposed_again_and_says_so(project: Project) -> None:
    project.one.flag("a fact")
    first = pr(project.one)[0].commit
    project.bare.git("branch", "-D", BRANCH)

    done = pr(project.one)[1]

    assert any("has not landed" in note for note in done.notes)
    assert project.tip() == first


def test_a_push_that_lost_the_race_starts_over_and_loses_nothing(project: Project) -> None:
    project.one.flag("of one")
    project.two.flag("of two")
    project.two.close()
    project.two.sandbox.git("push", "--quiet", "origin", f"{BRANCH}:refs/heads/parked")
    project.hook(
        "update",
        f'test "$1" = {REVIEW} && test ! -e raced || exit 0\n'
        f"touch raced && git update-ref {REVIEW} refs/heads/parked\n",
    )

    done = pr(project.one)[1]

    assert (project.bare.path / "raced").exists()
    assert done.problem == ""
    assert sorted(in_review(project.one)) == ["of one", "of two"]
    assert project.tip() == done.commit


def test_a_review_branch_with_foreign_changes_is_not_stacked_upon(project: Project) -> None:
    project.one.flag("a fact")
    pr(project.one)
    theirs = project.review("sneaked in", "src/run.sh", "echo\n")
    project.two.flag("another")

    closed, done = pr(project.two)

    assert closed.commit
    assert "src/run.sh" in done.problem
    assert project.tip() == theirs


def edited_and_in_the_way(project: Project) -> None:
    """A reviewer edited the review, and the target has another line in the same place."""
    landed(project, "The port is 80")
    project.one.flag("The cache is on disk")
    pr(project.one)
    text = project.one.show("memory/facts.md")
    project.review("edit", "memory/facts.md", text.replace("is 80", "is 81, says a reviewer"))
    project.reviewer.git("checkout", "--quiet", "-B", "main", "origin/main")
    text = project.reviewer.read("memory/facts.md").replace("is 80", "is 82, says main")
    project.reviewer.commit("moved", {"memory/facts.md": text})
    project.reviewer.git("push", "--quiet", "origin", "main")
    project.one.sandbox.git("fetch", "--quiet")


def test_an_edited_review_that_cannot_be_merged_stays_and_the_ways_out_are_named(
    project: Project,
) -> None:
    edited_and_in_the_way(project)
    before = project.tip()

    closed, done = pr(project.one)

    assert (done.problem, done.commit, project.tip()) == ("", before, before)
    why, way_out = closed.notes
    assert why.startswith("a person edited the review, so it stays as it is: it cannot be merged")
    assert way_out.startswith(
        "hint: merge origin/main into gitmem/drain by hand; or gitmem discard"
    )


def test_a_review_into_which_a_person_merged_the_target_goes_on(project: Project) -> None:
    edited_and_in_the_way(project)
    pr(project.one)
    mine = project.one.sandbox
    mine.git("checkout", "--quiet", BRANCH)
    mine.git("merge", "--quiet", "origin/main", check=False)
    mine.write("memory/facts.md", project.one.show("memory/facts.md").replace("is 80", "is 83"))
    mine.git("commit", "--quiet", "--all", "-m", "merged")
    mine.git("checkout", "--quiet", "main")

    closed, done = pr(project.one)

    assert (done.problem, done.pushed, closed.notes) == ("", True, ())
    project.land()
    assert project.lines()[1:] == ["The cache is on disk"]
    mine.git("fetch", "--quiet")
    assert project.one.check().ok(STRICT)


def test_an_edited_review_that_was_discarded_is_made_anew(project: Project) -> None:
    edited_and_in_the_way(project)
    pr(project.one)
    project.one.discard()

    done = pr(project.one)[1]

    assert (done.problem, done.pushed) == ("", True)
    assert in_review(project.one) == ["The port is 82, says main", "The cache is on disk"]
    assert project.tip() == done.commit


def test_edits_here_and_there_stop_the_push_and_not_the_close(project: Project) -> None:
    project.one.flag("a fact")
    pr(project.one)
    project.review("there", "memory/facts.md", project.one.show("memory/facts.md") + "- there\n")
    project.one.sandbox.git("checkout", "--quiet", BRANCH)
    text = project.one.sandbox.read("memory/facts.md")
    project.one.sandbox.commit("here", {"memory/facts.md": text.replace("a fact", "A fact")})
    project.one.sandbox.git("checkout", "--quiet", "main")
    before = project.tip()
    project.one.flag("more")

    closed, done = pr(project.one)

    assert closed.commit
    assert "edited both here and at origin" in done.problem
    assert project.tip() == before


# ---------------------------------------------------------------- what is forgotten


def forget(desk: Desk, flag_id: str, reason: str = "it was a guess") -> str:
    wanted = ForgetRequest(
        flags=(flag_id,), configured=desk.target, folder=desk.folder, reason=reason
    )
    return run_forget(desk.repo, wanted).commit


def landed(project: Project, *texts: str) -> list[str]:
    """Flags of the first clone that are on the target everywhere."""
    found = [project.one.flag(text) for text in texts]
    pr(project.one)
    project.land()
    for desk in (project.one, project.two):
        desk.sandbox.git("pull", "--quiet")
    return found


def test_a_review_that_only_forgets_is_pushed_and_lands(project: Project, tmp_path: Path) -> None:
    said = tmp_path / "said"
    bad, _ = landed(project, "The port is 5432", "Releases are tagged")
    commit = forget(project.one, bad)

    done = pr(project.one, command=f"tee {said}")[1]
    again = pr(project.one, command=f"tee {said}")[1]

    assert (done.problem, done.commit, project.tip()) == ("", commit, commit)
    assert done.title == again.title == "memory: forget 1 flag"
    assert (done.pushed, again.pushed) == (True, False)
    text = said.read_text(encoding="utf-8")
    assert text.startswith("1 flag to forget, for you to look at.\n")
    assert f"- `{bad}`, `fact`, `Test Person`, session `s1`\n  - `it was a guess`" in text
    assert "5432" not in text, "what is forgotten stands in the request"
    project.land()
    assert project.lines() == ["Releases are tagged"]
    project.one.sandbox.git("fetch", "--quiet", "--prune")
    assert pr(project.one)[1].commit == "", "it was proposed once more"


def test_what_is_forgotten_and_what_is_filed_are_one_review(
    project: Project, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    bad, _ = landed(project, "The port is 5432", "Releases are tagged")
    forget(project.one, bad)
    project.one.flag("Tests run in parallel")

    done = pr(project.one, command=f"tee {said}")[1]

    assert done.title == "memory: file 1 flag, forget 1 flag"
    text = said.read_text(encoding="utf-8")
    assert text.startswith("1 flag from the queue of this repository, and 1 flag to forget, for")
    assert "Every line is the flag as written; nothing was judged." in text
    assert "- `Tests run in parallel`" in text
    assert in_review(project.one) == ["Releases are tagged", "Tests run in parallel"]


def test_what_two_clones_forget_becomes_one_review(project: Project) -> None:
    one, two = landed(project, "The port is 5432", "Releases are tagged", "Tests are slow")[:2]
    forget(project.one, one)
    pr(project.one)
    forget(project.two, two)

    done = pr(project.two)[1]

    assert (done.problem, done.title) == ("", "memory: forget 2 flags")
    assert in_review(project.two) == ["Tests are slow"]
    project.land()
    assert project.lines() == ["Tests are slow"]


def test_what_is_forgotten_here_is_not_lost_when_flags_are_in_review_there(
    project: Project,
) -> None:
    bad, _ = landed(project, "The port is 5432", "Releases are tagged")
    project.one.flag("Tests run in parallel")
    pr(project.one)
    forget(project.two, bad)

    done = pr(project.two)[1]

    assert (done.problem, done.title) == ("", "memory: file 1 flag, forget 1 flag")
    assert in_review(project.two) == ["Releases are tagged", "Tests run in parallel"]


def test_a_review_that_forgets_and_files_gives_way_to_another_and_loses_neither(
    project: Project,
) -> None:
    bad, _ = landed(project, "The port is 5432", "Releases are tagged")
    project.one.flag("of one")
    pr(project.one)
    project.two.flag("of two")
    judge = Judge("two says")
    project.two.close(engine=judge)
    forget(project.two, bad)
    asked = list(judge.asked)

    done = pr(project.two, judge)[1]

    assert (done.problem, done.title) == ("", "memory: file 2 flags, forget 1 flag")
    assert judge.asked == asked, "a stored judgement was asked for again"
    assert told(in_review(project.two)) == ["Releases are tagged", "of one", "of two"]


def test_words_that_come_back_beside_what_is_forgotten_do_not_make_the_review_outdated(
    project: Project,
) -> None:
    first, second = project.one.flag("The port is 80"), project.one.flag("It was 81 once")
    merged = Operation(
        op=Op.MERGE, flags=(first, second), file="memory/facts.md",
        text="The port is 80; it was 81 once",
    )  # fmt: skip
    pr(project.one, Scripted(merged))
    project.land()
    project.one.sandbox.git("pull", "--quiet")
    forget(project.one, second)

    closed, done = pr(project.one)

    assert (done.problem, done.title, closed.notes) == ("", "memory: forget 1 flag", ())
    assert in_review(project.one) == ["The port is 80"]


def test_a_forget_that_landed_and_was_reverted_is_not_proposed_again(project: Project) -> None:
    bad, _ = landed(project, "The port is 5432", "Releases are tagged")
    forget(project.one, bad)
    pr(project.one)
    project.land(delete=False)
    project.reviewer.git("revert", "--no-edit", "HEAD")
    project.reviewer.git("push", "--quiet", "origin", "main")
    project.one.sandbox.git("fetch", "--quiet")

    done = pr(project.one)[1]

    assert (done.problem, done.commit) == ("", "")
    assert project.lines() == ["The port is 5432", "Releases are tagged"]


# ---------------------------------------------------------------- what the text says


def test_the_text_names_what_came_back_its_guard_and_what_is_cited_in_vain(
    project: Project, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    first = project.one.flag("`make all` hung", "snag", better="Run make with -j1")
    pr(project.one)
    project.land()
    project.one.sandbox.git("pull", "--quiet")
    project.one.sandbox.commit("a script", {"tools/build.sh": "x\n"})
    project.one.sandbox.git("rm", "--quiet", "tools/build.sh")
    project.one.sandbox.git("commit", "--quiet", "-m", "gone again")
    project.one.sandbox.git("push", "--quiet")
    project.one.flag("`make all` hung again", "snag", better="Run make with -j1", again=first)
    project.one.flag("The build starts with tools/build.sh")

    closed, done = pr(project.one, command=f"tee {said}")

    text = said.read_text(encoding="utf-8")
    assert done.problem == ""
    assert "### Came back\n\n- " in text
    assert [one in text for one in closed.recurred] == [True]
    assert "### `.gitmem/guards.jsonl`\n\n- `" in text
    assert "Run make with -j1 (`make all` hung again)" in text
    assert "`a rung up from rule to guard`" in text
    assert f"again, after `{first}`" in text
    assert "### Cites what is not there" in text
    assert "path tools/build.sh: " in text


# ---------------------------------------------------------------- what goes wrong


def test_without_a_remote_the_close_stands(sandbox: Sandbox) -> None:
    desk = Desk(sandbox=sandbox)
    desk.flag("a fact")

    closed, done = pr(desk)

    assert closed.commit == desk.head(BRANCH)
    assert "has no remote" in done.problem


def test_an_unreachable_remote_leaves_the_review_here(project: Project) -> None:
    project.one.sandbox.git("remote", "set-url", "origin", "git://127.0.0.1:1/nowhere")
    project.one.flag("a fact")

    closed, done = pr(project.one)

    assert closed.commit == project.one.head(BRANCH)
    assert "origin was not reached" in done.problem
    assert done.hint


def test_a_declined_push_says_the_server_s_words(project: Project) -> None:
    project.hook("update", f'test "$1" != {REVIEW} || {{ echo "no reviews today" >&2; exit 1; }}\n')
    project.one.flag("a fact")

    closed, done = pr(project.one)

    assert closed.commit
    assert "no reviews today" in done.problem


# ---------------------------------------------------------------- the ways

RECORD = """
{ test -z "$GIT_PUSH_OPTION_COUNT" || for n in $(seq 0 $((GIT_PUSH_OPTION_COUNT - 1))); do
  eval "echo \\"option \\$GIT_PUSH_OPTION_$n\\""; done
while read old new ref; do echo "$ref $old $new"; done; } >> "$GIT_DIR/recorded"
"""


def recorded(project: Project) -> list[str]:
    path = project.bare.path / "recorded"
    rows = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [row for row in rows if "gitmem/queue" not in row]


def test_a_plain_push_shows_the_address_that_the_server_printed(project: Project) -> None:
    project.hook(
        "post-receive",
        "echo 'Create a request:'; printf 'https://forge.example/new?b=1 \\033]0;x\\007'\n",
    )
    project.one.flag("a fact")

    done = pr(project.one)[1]

    assert (done.method, done.url) == (Method.PLAIN, "https://forge.example/new?b=1")


def test_gitlab_gets_push_options_in_one_push_and_again_on_the_next(project: Project) -> None:
    project.bare.git("config", "receive.advertisePushOptions", "true")
    project.hook("post-receive", RECORD + "echo 'https://gitlab.example/mr/7'\n")
    project.one.flag("a fact")

    first = pr(project.one, forge=Forge.GITLAB)[1]
    project.one.flag("another")
    second = pr(project.one, forge=Forge.GITLAB)[1]

    options = [row for row in recorded(project) if row.startswith("option ")]
    assert (first.method, first.url) == (Method.GITLAB, "https://gitlab.example/mr/7")
    assert options[:3] == [
        "option merge_request.create",
        "option merge_request.target=main",
        "option merge_request.title=memory: file 1 flag",
    ]
    assert "option merge_request.title=memory: file 2 flags" in options
    assert second.problem == ""
    assert project.tip() == second.commit


def test_no_push_option_goes_to_a_server_that_takes_none(project: Project) -> None:
    project.hook("post-receive", RECORD)
    project.one.flag("a fact")

    done = pr(project.one, forge=Forge.GITLAB)[1]

    assert (done.problem, done.method, project.tip()) == ("", Method.PLAIN, done.commit)
    assert any("takes no push options" in note for note in done.notes)
    assert [row.split(" ")[0] for row in recorded(project)] == [REVIEW]


def test_the_person_s_own_push_options_do_not_get_in_the_way(project: Project) -> None:
    project.one.sandbox.git("config", "push.pushOption", "ci.skip")
    project.one.flag("a fact")

    assert pr(project.one)[1].problem == ""


AGIT = """#!/usr/bin/env python3
import os, sys
def read():
    size = int(sys.stdin.buffer.read(4), 16)
    return sys.stdin.buffer.read(size - 4).decode().rstrip("\\n") if size else None
def write(text):
    data = (text + "\\n").encode()
    sys.stdout.buffer.write(b"%04x" % (len(data) + 4) + data)
def flush():
    sys.stdout.buffer.write(b"0000")
    sys.stdout.buffer.flush()
first = read()
while read() is not None: pass
options = "push-options" in first
write("version=1\\0push-options"); flush()
commands, told = [], []
while (row := read()) is not None: commands.append(row)
if options:
    while (row := read()) is not None: told.append(row)
with open(os.environ["GIT_DIR"] + "/recorded", "a") as out:
    for row in told: print("option", row, file=out)
    for row in commands: print(row.split(" ", 2)[2], *row.split(" ")[:2], file=out)
for row in commands:
    write("ok " + row.split(" ", 2)[2])
flush()
"""


def agit(project: Project) -> None:
    project.bare.git("config", "receive.advertisePushOptions", "true")
    project.bare.git("config", "receive.procReceiveRefs", "refs/for")
    project.hook("proc-receive", "")
    path = project.bare.path / "hooks" / "proc-receive"
    path.write_text(AGIT, encoding="utf-8")


def test_agit_pushes_to_the_ref_that_starts_a_request_and_updates_it(project: Project) -> None:
    agit(project)
    gone = project.one.flag("a fact")

    first = pr(project.one, forge=Forge.FORGEJO)[1]
    quiet = pr(project.one, forge=Forge.FORGEJO)[1]
    rows = recorded(project)
    project.one.flag("another")
    project.one.drop(gone)
    second = pr(project.one, forge=Forge.GITEA)[1]

    assert (first.problem, first.method, first.pushed) == ("", Method.AGIT, True)
    assert (quiet.pushed, quiet.problem) == (False, "")
    assert rows[:2] == ["option topic=gitmem-drain", "option title=memory: file 1 flag"]
    assert rows[-1].startswith("refs/for/main ")
    assert not any("force-push" in row for row in rows)
    assert second.problem == ""
    assert "option force-push=true" in recorded(project), "the review was rebuilt"
    assert project.tip() == ""


def test_a_server_without_agit_is_found_out_and_said(project: Project) -> None:
    project.bare.git("config", "receive.advertisePushOptions", "true")
    project.one.flag("a fact")

    closed, done = pr(project.one, forge=Forge.FORGEJO)

    assert closed.commit
    assert "does not speak AGit" in done.problem


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + script, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_person_s_command_gets_the_text_and_the_names(project: Project, tmp_path: Path) -> None:
    said = tmp_path / "said"
    own = program(
        tmp_path / "bin of mine",
        "open",
        f'env | grep ^GITMEM_PR_ | sort > {said}; pwd >> {said}; echo "$1" >> {said}; cat >> {said}\n'
        "echo 'made https://forge.example/pr/3.'\n",
    )
    flag = project.one.flag("a fact")

    done = pr(project.one, command=f"'{own}' 'two words'")[1]

    rows = said.read_text(encoding="utf-8").splitlines()
    assert (done.problem, done.method, done.url) == (
        "",
        Method.COMMAND,
        "https://forge.example/pr/3",
    )
    assert rows[:6] == [
        f"GITMEM_PR_BRANCH={BRANCH}",
        "GITMEM_PR_REMOTE=origin",
        "GITMEM_PR_TARGET=main",
        "GITMEM_PR_TITLE=memory: file 1 flag",
        str(project.one.sandbox.path),
        "two words",
    ]
    assert f"`{flag}`" in "\n".join(rows[6:])


@pytest.mark.parametrize(
    ("command", "said"),
    [("false", "ended with 1"), ("no-such-program-of-ours", "was not found"), ("'open", "be read")],
)
def test_a_command_that_fails_is_said_and_the_push_stands(
    project: Project, command: str, said: str
) -> None:
    project.one.flag("a fact")

    closed, done = pr(project.one, command=command)

    assert said in done.problem
    assert project.tip() == closed.commit == done.commit


GH = """
echo "$*" >> {log}
case "$2" in
list) if test -e {state}; then
        echo '[{{"number":3,"url":"https://github.example/x/3","isCrossRepository":true}},'
        echo '{{"number":7,"url":"https://github.example/pr/7","isCrossRepository":false}}]'
      else echo '[]'; fi ;;
create) cat > {state}; echo https://github.example/pr/7 ;;
edit) cat > {state} ;;
esac
"""


def test_gh_opens_one_request_and_updates_that_one(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, state = tmp_path / "log", tmp_path / "state"
    program(tmp_path / "bin", "gh", GH.format(log=log, state=state))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    project.one.flag("a fact")

    first = pr(project.one, forge=Forge.GITHUB)[1]
    project.one.flag("another")
    second = pr(project.one, forge=Forge.GITHUB)[1]

    verbs = [row.split(" ")[1] for row in log.read_text(encoding="utf-8").splitlines()]
    assert verbs == ["list", "create", "list", "edit"]
    assert (first.method, first.url) == (Method.GH, "https://github.example/pr/7")
    assert (second.url, second.problem) == ("https://github.example/pr/7", "")
    assert "edit 7 --title memory: file 2 flags" in log.read_text(encoding="utf-8")
    assert "another" in state.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'To get started: gh auth login' >&2; exit 4", "gh auth login"),
        ("echo 'not json'", "not print a list of pull requests"),
        ("echo '[7]'", "not print a list of pull requests"),
    ],
)
def test_a_gh_that_fails_is_said_and_the_push_stands(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    program(tmp_path / "bin", "gh", script + "\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    project.one.flag("a fact")

    closed, done = pr(project.one, forge=Forge.GITHUB)

    assert said in done.problem + done.hint
    assert project.tip() == closed.commit == done.commit


def test_without_gh_the_branch_is_pushed_plainly(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = next(
        Path(folder) / "git"
        for folder in os.environ["PATH"].split(":")
        if (Path(folder) / "git").exists()
    )
    (tmp_path / "bin").mkdir()
    for name in ("git", "sh"):
        found = git if name == "git" else Path("/bin/sh")
        (tmp_path / "bin" / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    project.one.flag("a fact")

    done = pr(project.one, forge=Forge.GITHUB)[1]

    assert (done.problem, done.method) == ("", Method.PLAIN)


def test_a_flag_dropped_before_it_was_proposed_is_recorded_once_and_that_is_the_end(
    project: Project,
) -> None:
    project.one.drop(project.one.flag("of no use"))

    first, done = pr(project.one)
    again, more = pr(project.one)

    assert [one.fate.value for one in first.outcomes] == ["skipped"]
    assert (again.commit, again.outcomes, more.commit) == ("", (), done.commit)
    assert not [note for note in (*again.notes, *more.notes) if "rebuilt" in note]
    assert outdated(project.one.repo, project.one.status()) == {}


def test_what_is_dropped_beside_a_fact_settles_too_and_something_can_be_forgotten_then(
    project: Project,
) -> None:
    (old,) = landed(project, "an old fact")
    project.one.flag("a fact")
    gone = project.one.flag("of no use")
    pr(project.one)
    project.one.drop(gone)
    assert outdated(project.one.repo, project.one.status()) == {"dropped": {gone}}
    renewed, _ = pr(project.one)
    again, _ = pr(project.one)

    assert any("rebuilt" in note for note in renewed.notes)
    assert again.commit == ""
    wanted = ForgetRequest(flags=(old,), configured="main", folder="memory")
    assert run_forget(project.one.repo, wanted).commit
