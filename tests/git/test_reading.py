"""Objects, refs, records, queue and target as they are read from a real repository."""

from __future__ import annotations

import pytest

from gitmem.git import objects, refs, remotes
from gitmem.git.repository import ARCHIVE, BRANCH, HERE, REVIEW
from gitmem.queue import contents
from gitmem.queue.fast_import import UNKNOWN_AUTHOR, current_author, recorded_author
from gitmem.records import record_files, target
from tests.support import hostile
from tests.support.queues import journal, keep, new_flag, repository_of
from tests.support.sandbox import Sandbox

GONE = "1" * 40


def test_files_are_read_with_their_paths_and_links_are_left_out(sandbox: Sandbox) -> None:
    (sandbox.path / "link").symlink_to("README.md")
    sandbox.git("add", "link")
    commit = sandbox.commit("more", {"a/é \n.txt": "one\n", "a/empty": "", "b/c": "two\0\xff"})
    repo = repository_of(sandbox)

    assert objects.files(repo, commit) == {
        "README.md": b"# A project\n",
        "a/empty": b"",
        "a/é \n.txt": b"one\n",
        "b/c": "two\0\xff".encode(),
    }
    assert list(objects.files(repo, commit, "b/")) == ["b/c"]
    modes = {entry.path: entry.mode for entry in objects.entries(repo, commit)}
    assert modes["link"] == "120000"


def test_what_is_not_there_is_unreadable(sandbox: Sandbox) -> None:
    repo = repository_of(sandbox)
    for read in (
        lambda: objects.entries(repo, GONE),
        lambda: objects.blobs(repo, [GONE]),
        lambda: objects.require(repo, [GONE]),
    ):
        with pytest.raises(objects.Unreadable):
            read()
    assert objects.blobs(repo, []) == []
    objects.require(repo, [])


def test_refs_move_by_compare_and_swap_only(sandbox: Sandbox) -> None:
    repo = repository_of(sandbox)
    one = sandbox.git("rev-parse", "HEAD")
    two = sandbox.commit("two")

    refs.update(repo, "refs/heads/x", one, "", "made")
    with pytest.raises(refs.Moved):
        refs.update(repo, "refs/heads/x", two, "", "made again")
    with pytest.raises(refs.Moved):
        refs.update(repo, "refs/heads/x", two, two, "from the wrong value")
    refs.update(repo, "refs/heads/x", two, one, "moved")
    with pytest.raises(refs.Moved):
        refs.delete(repo, "refs/heads/x", one, "stale")
    assert refs.resolve(repo, "refs/heads/x") == two
    refs.delete(repo, "refs/heads/x", two, "done")
    assert refs.resolve(repo, "refs/heads/x") == ""
    assert refs.contains(repo, two, one)
    assert not refs.contains(repo, one, two)


def test_a_broken_ref_is_left_out_of_a_list(sandbox: Sandbox) -> None:
    sandbox.write(".git/refs/heads/broken", "nonsense\n")

    assert list(refs.listed(repository_of(sandbox), "refs/heads")) == ["refs/heads/main"]


def test_a_branch_has_its_commit_and_what_it_follows_in_one_start_of_git(sandbox: Sandbox) -> None:
    repo = repository_of(sandbox)
    name = sandbox.git("branch", "--show-current")
    head = sandbox.git("rev-parse", "HEAD")
    sandbox.git("config", f"branch.{name}.remote", "origin")
    sandbox.git("config", f"branch.{name}.merge", "refs/heads/trunk")
    sandbox.git("config", "remote.origin.url", "elsewhere")
    sandbox.git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")

    commit, followed = refs.branch(repo, name)

    assert commit == refs.resolve(repo, f"refs/heads/{name}") == head
    assert (followed.ref, followed.remote, followed.remote_ref) == (
        "refs/remotes/origin/trunk", "origin", "refs/heads/trunk",
    )  # fmt: skip
    assert refs.branch(repo, "absent")[0] == ""


def test_a_branch_whose_commit_cannot_be_read_still_says_what_it_follows(sandbox: Sandbox) -> None:
    repo = repository_of(sandbox)
    sandbox.git("config", "branch.torn.remote", ".")
    sandbox.git("config", "branch.torn.merge", "refs/heads/main")
    (sandbox.path / ".git/refs/heads/torn").write_text("1" * 40 + "\n", encoding="utf-8")

    commit, followed = refs.branch(repo, "torn")

    assert (commit, followed.remote_ref) == ("", "refs/heads/main")


def test_record_ids_are_read_from_every_line_that_can_be_read(sandbox: Sandbox) -> None:
    one, two, three = (new_flag(text).id for text in ("one", "two", "three"))
    commit = sandbox.commit(
        "records",
        {
            ".gitmem/drains/a.jsonl": f'{{"v":1,"drain":"a"}}\n{{"id":"{one}","outcome":"added"}}\n',
            ".gitmem/drains/b.jsonl": f'{{"id":"{two}"}}\n{{ "outcome": "added", "id": "{three}" }}\n',
            ".gitmem/drains/c.jsonl": '{"id":"abcdefgh2345","outc\n{"id":"SHOUTING2345"}\n[1]\nx\n',
        },
    )
    repo = repository_of(sandbox)

    assert record_files.ids(repo, commit) == {one, two, three}
    assert record_files.ids(repo, "") == frozenset()
    assert record_files.ids(repo, f"{commit}~1") == frozenset()


def test_the_queue_is_branch_journal_archive_and_remote_branch(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shared = keep(sandbox, 2)
    other = Sandbox(tmp_path_factory.mktemp("other"))
    other.git("clone", "-q", str(sandbox.path), ".")
    waiting = new_flag("waiting")
    journal(other, [waiting])
    old = new_flag("old")
    other.git("checkout", "-q", "--orphan", "scratch")
    other.commit("archive", {"archive/a.jsonl": old.line + "\n"})
    other.git("update-ref", ARCHIVE, "HEAD")

    found = contents.read_queue(repository_of(other))

    assert found.tip == ""
    assert list(found.branch.flags) == [flag.id for flag in shared]
    assert list(found.journal.flags) == [waiting.id]
    assert list(found.archive.flags) == [old.id]


def test_the_queue_of_another_remote_is_nobody_s_word_here(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A fork that is fetched for a look must not feed the memory."""
    [theirs] = keep(sandbox, 1)
    mine = Sandbox(tmp_path_factory.mktemp("mine"))
    mine.git("init", "-q")
    mine.git("remote", "add", "origin", str(tmp_path_factory.mktemp("origin")))
    mine.git("remote", "add", "fork", str(sandbox.path))
    mine.git("fetch", "-q", "fork")

    assert list(contents.read_queue(repository_of(mine)).branch.flags) == []

    mine.git("config", "gitmem.remote", "fork")
    assert list(contents.read_queue(repository_of(mine)).branch.flags) == [theirs.id]


@pytest.mark.parametrize("writer", ["aaaaaaaa", "zzzzzzzz"])
def test_flags_of_one_writer_are_read_in_the_order_they_were_made(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    monkeypatch.setattr("gitmem.queue.journal.new_writer", lambda: writer)
    flags = [flag for count in (1, 1, 127, 1, 2) for flag in keep(sandbox, count)]

    assert list(contents.read_queue(repository_of(sandbox)).branch.flags) == [
        flag.id for flag in flags
    ]


def test_a_damaged_line_tells_its_place(sandbox: Sandbox) -> None:
    sandbox.git("checkout", "-q", "--orphan", "scratch")
    sandbox.commit("queue", {"queue/aaaaaaaa-000001.jsonl": "noise\n"})
    sandbox.git("update-ref", BRANCH, "HEAD")

    damaged = contents.read_queue(repository_of(sandbox)).branch.damaged

    assert [str(line) for line in damaged] == [
        "gitmem/queue:queue/aaaaaaaa-000001.jsonl:1: not a JSON line: not JSON"
    ]


def test_identity_is_what_git_would_write(sandbox: Sandbox) -> None:
    repo = repository_of(sandbox)
    assert current_author(repo) == "Test Person <person@example.com>"
    sandbox.git("config", "user.name", "Zoë < O'Hara >")
    assert current_author(repo) == "Zoë  O'Hara <person@example.com>"


def test_an_identity_is_recorded_in_normal_form_and_written_by_git_as_it_is(
    sandbox: Sandbox,
) -> None:
    """A flag's line, a drop and a match taken back are in normal form C; an author of a commit is git's."""
    repo = repository_of(sandbox)
    sandbox.git("config", "user.name", "Zoe\u0308 \u1f71")

    assert current_author(repo) == "Zoe\u0308 \u1f71 <person@example.com>"
    assert recorded_author(repo) == "Zo\xeb \u03ac <person@example.com>"


def test_a_missing_identity_is_gitmem(sandbox: Sandbox) -> None:
    sandbox.git("config", "--global", "--unset", "user.email")
    sandbox.git("config", "user.useConfigOnly", "true")

    assert current_author(repository_of(sandbox)) == UNKNOWN_AUTHOR


def test_the_target_is_the_set_one_else_origins_else_the_current(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clone = Sandbox(tmp_path_factory.mktemp("clone"))
    clone.git("clone", "-q", str(sandbox.path), ".")
    clone.git("checkout", "-q", "-b", "feature")
    repo = repository_of(clone)

    assert target.find(repo, "feature").ref == "refs/heads/feature"
    assert target.find(repo, "feature").deciding_ref == "refs/heads/feature"
    found = target.find(repo, "")
    assert (found.name, found.upstream_ref) == ("main", "refs/remotes/origin/main")
    assert found.deciding_ref == "refs/remotes/origin/main"
    clone.git("branch", "-q", "-D", "main")
    assert target.find(repo, "main").deciding == sandbox.git("rev-parse", "HEAD")
    clone.git("remote", "remove", "origin")
    assert target.find(repo, "").name == "feature"


def test_an_unborn_target_is_a_target_and_a_missing_one_is_not(empty_sandbox: Sandbox) -> None:
    repo = repository_of(empty_sandbox)

    found = target.find(repo, "")
    assert (found.name, found.local, found.deciding) == ("main", "", "")
    with pytest.raises(target.CannotTell, match="not in this clone"):
        target.find(repo, "elsewhere")


def test_a_detached_head_without_a_setting_cannot_tell(sandbox: Sandbox) -> None:
    sandbox.git("checkout", "-q", "--detach")

    with pytest.raises(target.CannotTell, match="detached"):
        target.find(repository_of(sandbox), "")


@pytest.mark.parametrize(
    ("line", "name"),
    [("target: trunk", "trunk"), ("target: 'a b' # why", "a b"), ("# target: x", ""), ("x: y", "")],
)
def test_the_hot_lane_reads_the_target_by_a_plain_look(
    sandbox: Sandbox, line: str, name: str
) -> None:
    assert target.configured_name(repository_of(sandbox)) == ""
    sandbox.write(".gitmem/config.yaml", f"version: 1\n{line}\n")

    assert target.configured_name(repository_of(sandbox)) == name


def test_commits_under_review_are_the_review_branch_and_used_branches(sandbox: Sandbox) -> None:
    repo = repository_of(sandbox)
    assert target.review_tips(repo) == []
    one = sandbox.git("rev-parse", "HEAD")
    sandbox.git("branch", "feature")
    sandbox.git("update-ref", REVIEW, one)
    sandbox.git("update-ref", f"{HERE}feature", one)
    sandbox.git("update-ref", f"{HERE}gone", one)
    two = sandbox.commit("two")
    sandbox.git("branch", "-f", "feature", two)

    assert target.review_tips(repo) == [one, two]


def test_contents_come_one_by_one_however_the_pipe_cuts_them(sandbox: Sandbox) -> None:
    texts = ["", "x\n", "y" * 200_000, "z\n" * 70_000, "\n", "last"]
    repo = repository_of(sandbox)
    oids = [sandbox.git("hash-object", "-w", "--stdin", input=text) for text in texts]
    heard: list[bytes] = []

    objects.read_each(repo, oids, heard.append)

    assert heard == [text.encode() for text in texts]
    assert objects.blobs(repo, oids) == heard  # what was kept comes between what is read
    with pytest.raises(objects.TooLarge, match="too large to read"):
        objects.blobs(repository_of(sandbox), oids, most=200_000)
    with pytest.raises(objects.TooLarge):
        objects.read_each(repository_of(sandbox), oids, heard.append, largest=199_999)


def test_a_list_of_what_is_nested_without_end_is_refused(sandbox: Sandbox) -> None:
    commit = hostile.nested(sandbox, "memory")

    with pytest.raises(objects.TooLarge, match=r"memory/ at .* has too many files"):
        objects.entries(repository_of(sandbox), commit, "memory/")
    assert len(objects.folder_entries(repository_of(sandbox), commit, "memory/")) == 10


def test_where_no_settings_are_git_is_asked_once_for_all_places(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    traces = tmp_path_factory.mktemp("traces")
    sandbox.git("config", "gitmem.target", "trunk")
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(traces))

    assert target.settings_text(repository_of(sandbox)) == b"target: trunk\n"

    started = [file.read_text(encoding="utf-8") for file in traces.iterdir()]
    assert len([text for text in started if '"cat-file"' in text]) == 1


@pytest.mark.parametrize("kept", ["main", "trunk"])
def test_the_settings_of_the_target_are_read_where_the_work_tree_has_none(
    sandbox: Sandbox, kept: str
) -> None:
    settings = "version: 1\ntarget: main\n"
    sandbox.git("checkout", "-q", "-B", kept)
    sandbox.commit("wired", {".gitmem/config.yaml": settings})
    sandbox.git("config", "gitmem.target", kept)
    sandbox.git("checkout", "-q", "-b", "older", "HEAD~1")

    assert target.settings_text(repository_of(sandbox)) == settings.encode()


def test_a_remote_that_is_added_meanwhile_is_seen(sandbox: Sandbox) -> None:
    repo = repository_of(sandbox)
    assert remotes.existing(repo) == ""

    sandbox.git("remote", "add", "upstream", "elsewhere")
    assert remotes.existing(repo) == "upstream"
    sandbox.git("config", "gitmem.remote", "fork")
    assert remotes.name(repo) == "fork"
