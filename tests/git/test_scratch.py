"""A throw-away repository: it fetches what it is asked for, and takes along only how to get there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitmem.check.check import RemoteRecords
from gitmem.git.repository import BRANCH
from gitmem.git.scratch import Scratch
from tests.support.desk import Desk, whole
from tests.support.queues import keep
from tests.support.server import Server


@pytest.fixture
def desk(server: Server) -> Desk:
    found = server.clone("desk")
    found.sandbox.commit("more", {"big.txt": "x\n" * 100_000})
    keep(found.sandbox, 3)
    keep(found.sandbox, 300)
    found.sandbox.git("push", "--quiet", "origin", "main", "gitmem/queue")
    return found


def test_a_fetch_of_the_queue_at_depth_1_moves_only_the_queue_s_own_files(desk: Desk) -> None:
    wanted = desk.sandbox.git("rev-parse", "gitmem/queue", "gitmem/queue^{tree}").split()
    rows = desk.sandbox.git("ls-tree", "-r", "-t", "gitmem/queue").splitlines()
    wanted += [row.split()[2] for row in rows]

    with Scratch(desk.repo, "origin") as place:
        place.fetch(BRANCH, "--depth=1")
        said = place.repo.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")

    assert sorted(said.text.split()) == sorted(set(wanted))


def test_of_a_branch_only_trees_and_records_are_fetched(server: Server, desk: Desk) -> None:
    server.bare.git("config", "uploadpack.allowFilter", "true")
    desk.land()
    desk.sandbox.git("push", "--quiet", "origin", "main")

    with Scratch(desk.repo, "origin") as place:
        found = RemoteRecords(place, ["refs/heads/main"], {})
        sizes = place.repo.git(
            "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectsize)"
        ).text.splitlines()

    assert len(found.ids("refs/heads/main")) == 303
    assert len([row for row in sizes if row.startswith("blob")]) == 1


@pytest.mark.parametrize("there", [True, False])
def test_refs_that_are_absent_are_left_out(server: Server, desk: Desk, there: bool) -> None:
    if there:
        desk.close()
        desk.sandbox.git("push", "--quiet", "origin", "gitmem/drain")

    with Scratch(desk.repo, "origin") as place:
        wanted = ["refs/heads/gone", "refs/heads/gitmem/drain", "HEAD", "refs/heads/never"]
        found = RemoteRecords(place, wanted, {})

    assert set(found.tips) == {"HEAD", *(["refs/heads/gitmem/drain"] if there else [])}


def test_the_clone_stays_as_it_is_and_nothing_is_left_behind(desk: Desk) -> None:
    before = whole(desk.sandbox.path)

    with Scratch(desk.repo, "origin") as place:
        folder = Path(place.repo.git_dir)
        place.fetch(BRANCH, "--depth=1")
        place.fetch("refs/heads/main", "--depth=1")

    assert whole(desk.sandbox.path) == before
    assert not folder.exists()


def test_what_says_how_to_reach_a_server_goes_along_through_the_environment_only(
    desk: Desk,
) -> None:
    config = {
        "http.https://example.invalid/.extraheader": "AUTHORIZATION: basic " + "x" * 8,
        "core.sshCommand": "ssh -o BatchMode=yes",
        "credential.helper": "cache",
        "core.fsmonitor": "evil",
        "core.hooksPath": "evil",
        "remote.origin.uploadpack": "evil",
        "protocol.ext.allow": "always",
    }
    for key, value in config.items():
        desk.sandbox.git("config", key, value)

    with Scratch(desk.repo, "origin") as place:
        told = place.repo.git("config", "--list").text
        written = (Path(place.repo.git_dir) / "config").read_text()

    for key in list(config)[:3]:
        assert f"{key.lower()}={config[key]}" in told
    assert "=evil" not in told
    assert told.rindex("protocol.ext.allow=never") > 0
    assert "protocol.ext.allow=always" not in told
    assert "AUTHORIZATION" not in written


def test_the_person_s_own_settings_are_not_given_twice(desk: Desk) -> None:
    header = "http.https://example.invalid/.extraheader"
    desk.sandbox.git("config", "--global", header, "AUTHORIZATION: x")

    with Scratch(desk.repo, "origin") as place:
        assert place.repo.git("config", "--get-all", header).text.splitlines() == [
            "AUTHORIZATION: x"
        ]


def test_a_repository_of_another_object_format_is_met_in_kind(tmp_path: Path) -> None:
    from tests.support.sandbox import Sandbox

    one = Sandbox(tmp_path / "one")
    one.path.mkdir()
    one.git("init", "--quiet", "--object-format=sha256")
    one.commit("start", {"README.md": "x\n"})
    keep(one, 2)
    two = Sandbox(tmp_path / "two")
    one.git("clone", "--quiet", ".", str(two.path))

    with Scratch(Desk(sandbox=two).repo, "origin") as place:
        assert place.fetch(BRANCH, "--depth=1") == one.git("rev-parse", BRANCH)
