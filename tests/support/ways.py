"""The rows of the landing matrix: what happens to a review, and what gitmem must make of it."""

from __future__ import annotations

from tests.support.landing import BRANCH, EDITED, LINES, Forge, Seen, Way
from tests.support.sandbox import Sandbox

WAITS = {"check": "fails", "fresh": "fails", "shallow": "fails"}
LATER = "passes, fails after a sync"  # only this clone knows of these flags until then
FILED = "2 added, 1 pending, 1 edited"
AGAIN = Seen(status="4 undrained", **WAITS, close=FILED)
HEALED = Seen(status="4 undrained", check="fails", fresh=LATER, shallow=LATER, close=FILED)
BULLETS = """memory: file 4 flags (#7)

* memory: file 4 flags

---------

Co-authored-by: Somebody <somebody@example.com>
"""


def rows(sandbox: Sandbox, path: str, old: str, new: str) -> None:
    """Replaces one line of a file."""
    text = sandbox.read(path)
    assert old in text
    sandbox.write(path, text.replace(old, new))


def edit(sandbox: Sandbox) -> None:
    rows(sandbox, "memory/build.md", LINES[0], EDITED)


def delete(sandbox: Sandbox) -> None:
    rows(sandbox, "memory/build.md", f"- {LINES[0]}\n", "")


def without_record(sandbox: Sandbox) -> None:
    for record in (sandbox.path / ".gitmem" / "drains").iterdir():
        record.unlink()


def merge(forge: Forge) -> None:
    forge.review()
    forge.merged()


def merge_after_others(forge: Forge) -> None:
    forge.review()
    forge.moved()
    forge.merged()


def fast_forward(forge: Forge) -> None:
    forge.review()
    forge.on_main("merge", "--quiet", "--ff-only", f"origin/{BRANCH}")


def squash(forge: Forge, message: str) -> None:
    forge.review()
    forge.moved()
    forge.squashed(message)
    forge.gone()


def squash_with_all_messages(forge: Forge) -> None:
    forge.review()
    forge.moved()
    forge.squashed(forge.bare.git("log", "-1", "--format=%B", BRANCH))


def rebase(forge: Forge) -> None:
    forge.review()
    forge.moved()
    forge.fetched()
    forge.maintainer.git("checkout", "--quiet", "-B", "look", f"origin/{BRANCH}")
    forge.maintainer.git("rebase", "--quiet", "origin/main")
    forge.on_main("merge", "--quiet", "--ff-only", "look")


def pick(forge: Forge, *options: str) -> None:
    forge.review()
    forge.moved()
    forge.picked(*options)


def queued(forge: Forge) -> None:
    """A merge queue builds main, another change and the review on a branch, then moves main to it."""
    forge.review()
    forge.moved()
    forge.fetched()
    forge.maintainer.git("checkout", "--quiet", "-b", "gh-readonly-queue/main/pr-6")
    forge.maintainer.commit("another in the merge queue", {"src/other.py": "print()\n"})
    forge.maintainer.git("checkout", "--quiet", "-b", "gh-readonly-queue/main/pr-7")
    forge.maintainer.git("merge", "--quiet", "--no-ff", "-m", "Merge #7", f"origin/{BRANCH}")
    forge.maintainer.git("push", "--quiet", "origin", "HEAD:main")
    forge.gone()


def edited(forge: Forge) -> None:
    forge.review()
    forge.edited(edit)
    forge.merged()


def edited_and_squashed(forge: Forge) -> None:
    forge.review()
    forge.edited(edit)
    forge.squashed("memory: as reviewed")
    forge.gone()


def deleted_line(forge: Forge) -> None:
    forge.review()
    forge.edited(delete)
    forge.squashed("memory: as reviewed")
    forge.gone()


def no_record(forge: Forge) -> None:
    forge.review()
    forge.edited(without_record)
    forge.squashed("memory: as reviewed")
    forge.gone()


def not_yet(forge: Forge) -> None:
    forge.review()


def closed(forge: Forge) -> None:
    forge.review()
    forge.moved()
    forge.gone()


def reverted(forge: Forge) -> None:
    merge(forge)
    forge.reverted("-m", "1")


def reverted_after_prune(forge: Forge) -> None:
    merge(forge)
    forge.pruned()
    forge.reverted("-m", "1")


def squash_reverted(forge: Forge) -> None:
    squash(forge, "memory")
    forge.reverted()


def squash_reverted_after_prune(forge: Forge) -> None:
    squash(forge, "memory")
    forge.pruned()
    forge.reverted()


def landed_again(forge: Forge) -> None:
    squash(forge, "memory")
    forge.reverted()
    forge.looked()
    forge.reverted()


def landed_again_after_prune(forge: Forge) -> None:
    squash_reverted_after_prune(forge)
    forge.looked()
    forge.closer.status()
    forge.reverted()


def landed_again_under_a_review(forge: Forge) -> None:
    """What was taken back is in review again when the first landing returns."""
    squash_reverted_after_prune(forge)
    forge.looked()
    forge.review()
    forge.reverted()


def taken_back_and_landed_again(forge: Forge) -> None:
    """What was taken back is reviewed again, and lands."""
    squash_reverted_after_prune(forge)
    forge.looked()
    forge.review()
    forge.squashed("memory, the second time")
    forge.gone()


def two(forge: Forge) -> None:
    """The other clone closed the same queue, and one flag more; then the first review lands."""
    forge.synced(forge.other)
    forge.review(forge.other)
    forge.closer.flag("A fifth flag of the closer")
    forge.closer.close()
    forge.squashed("memory, of the other clone")
    forge.gone()


def two_landed(forge: Forge) -> None:
    """As before, and the second review is proposed by one command, and lands."""
    two(forge)
    forge.review()
    forge.squashed("memory, of the closer")
    forge.gone()


def two_in_one(forge: Forge) -> None:
    """Both clones close before either has pushed; the second push takes the first review in."""
    forge.synced(forge.other)
    forge.closer.close()
    forge.other.flag("A fifth flag of the other")
    forge.other.close()
    forge.review()
    forge.review(forge.other)
    forge.merged()


def renamed(forge: Forge) -> None:
    squash(forge, "memory")
    forge.bare.git("branch", "--move", "main", "trunk")
    forge.bare.git("symbolic-ref", "HEAD", "refs/heads/trunk")


def renamed_and_followed(forge: Forge) -> None:
    """As before, and the setting `target:` names the new branch."""
    renamed(forge)
    forge.looked()
    for desk in (forge.closer, forge.other):
        object.__setattr__(desk, "target", "trunk")


WAYS = (
    Way(name="merge", happens=merge, expected=Seen()),
    Way(name="merge, after other work", happens=merge_after_others, expected=Seen()),
    Way(name="fast-forward", happens=fast_forward, expected=Seen()),
    Way(
        name="squash, title only",
        happens=lambda forge: squash(forge, "memory: file 4 flags (#7)"),
        expected=Seen(),
    ),
    Way(
        name="squash, bulleted messages",
        happens=lambda forge: squash(forge, BULLETS),
        expected=Seen(),
    ),
    Way(
        name="squash, text of the request",
        happens=lambda forge: squash(forge, "Memory\n\nReviewed by me.\n"),
        expected=Seen(),
    ),
    Way(name="squash, all messages", happens=squash_with_all_messages, expected=Seen()),
    Way(name="squash, no message", happens=lambda forge: squash(forge, ""), expected=Seen()),
    Way(name="rebase", happens=rebase, expected=Seen()),
    Way(name="cherry-pick", happens=pick, expected=Seen()),
    Way(name="cherry-pick -x", happens=lambda forge: pick(forge, "-x"), expected=Seen()),
    Way(name="merge queue", happens=queued, expected=Seen()),
    Way(name="a reviewer edits a line, merge", happens=edited, expected=Seen()),
    Way(name="a reviewer edits a line, squash", happens=edited_and_squashed, expected=Seen()),
    Way(
        name="a reviewer deletes a line",
        happens=deleted_line,
        expected=Seen(lines="1 none, 3 once"),
    ),
    Way(
        name="a reviewer deletes the record",
        happens=no_record,
        expected=Seen(status="4 in review", **WAITS, close="it is in review"),
    ),
    Way(
        name="not yet",
        happens=not_yet,
        expected=Seen(status="4 in review", **WAITS, close="it is in review"),
    ),
    Way(
        name="closed unmerged, branch deleted",
        happens=closed,
        expected=Seen(status="4 in review", **WAITS, close="it is in review"),
    ),
    Way(name="merge, reverted", happens=reverted, expected=AGAIN),
    Way(name="merge, pruned, reverted", happens=reverted_after_prune, expected=HEALED),
    Way(name="squash, reverted", happens=squash_reverted, expected=AGAIN),
    Way(name="squash, pruned, reverted", happens=squash_reverted_after_prune, expected=HEALED),
    Way(name="reverted, landed again", happens=landed_again, expected=Seen()),
    Way(
        name="pruned, reverted, healed, landed again",
        happens=landed_again_after_prune,
        expected=Seen(),
    ),
    Way(
        name="reverted, in review again, first landing returns",
        happens=landed_again_under_a_review,
        expected=Seen(),
    ),
    Way(
        name="reverted, reviewed again, landed",
        happens=taken_back_and_landed_again,
        expected=Seen(),
    ),
    Way(
        name="two reviews of one queue, the first lands",
        happens=two,
        expected=Seen(
            status="1 in review", check="fails", fresh=LATER, shallow=LATER, close="1 added"
        ),
    ),
    Way(name="the second is rebuilt, and lands", happens=two_landed, expected=Seen()),
    Way(name="two closes become one review, it lands", happens=two_in_one, expected=Seen()),
    Way(
        name="the target is renamed",
        happens=renamed,
        expected=Seen(
            status="exit 5",
            check="cannot tell",
            # What is built there has the records in its own tree.
            close="exit 5",
            queue="stays, 4",
        ),
    ),
    Way(name="renamed, and the setting follows", happens=renamed_and_followed, expected=Seen()),
)
