"""Review and discard in real repositories."""

from __future__ import annotations

import pytest

from gitmem.core.failures import NoProgress
from gitmem.review import review
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def test_a_review_lists_what_became_of_every_flag_over_all_its_commits(desk: Desk) -> None:
    start = desk.head("main")
    desk.flag("one")
    desk.close()
    desk.drop(desk.flag("two"))
    desk.close()

    found = review.read(desk.repo, "main")

    assert (found.tip, found.base) == (desk.head("gitmem/drain"), start)
    outcomes = {item.flag.text: (item.fate, item.line, item.verbatim) for item in found.outcomes}
    assert outcomes == {"one": ("added", "one", True), "two": ("skipped", "", True)}


def test_a_review_on_an_upstream_does_not_show_the_upstreams_own_commits(desk: Desk) -> None:
    mine = desk.clone("clone")
    theirs = desk.sandbox.commit("theirs", {"theirs.txt": "1\n"})
    mine.sandbox.git("fetch", "--quiet")
    mine.flag("a fact")
    mine.close()

    assert review.read(mine.repo, "main").base == theirs


def test_a_review_that_has_landed_is_none_any_more(desk: Desk) -> None:
    desk.flag("a fact")
    desk.close()
    desk.sandbox.git("merge", "--quiet", "--squash", "gitmem/drain")
    desk.sandbox.commit("squashed")

    with pytest.raises(NoProgress, match="has landed"):
        review.read(desk.repo, "main")


def test_nothing_in_review_is_no_progress(desk: Desk) -> None:
    for ask in (lambda: review.read(desk.repo, "main"), desk.discard):
        with pytest.raises(NoProgress, match="nothing is in review"):
            ask()


def test_a_root_review_has_no_base(empty_sandbox: Sandbox) -> None:
    desk = Desk(sandbox=empty_sandbox)
    desk.flag("a fact")
    desk.close()

    assert review.read(desk.repo, "main").base == ""


def test_discard_gives_the_flags_back_and_the_next_close_makes_them_a_review_again(
    desk: Desk,
) -> None:
    flag = desk.flag("a fact")
    tip = desk.close().commit

    done = desk.discard()

    assert (done.tip, done.flags) == (tip, (flag,))
    assert desk.states() == {"undrained": ["a fact"]}
    assert desk.head("gitmem/drain") == ""
    assert desk.close().commit
