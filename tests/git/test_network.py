"""What went wrong between here and a server is told apart by what git says, and nothing waits for ever."""

from __future__ import annotations

import http.server
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from gitmem.git import network
from gitmem.git.network import Declined, NotReached, Talk
from gitmem.git.scratch import Scratch
from tests.support.desk import Desk
from tests.support.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

REF = "refs/heads/gitmem/queue"


@pytest.fixture
def desk(server: Server) -> Desk:
    found = server.clone("one")
    found.flag("a fact")
    return found


def push(desk: Desk) -> bool:
    return network.push(desk.repo, "origin", desk.head("gitmem/queue"), REF, Talk())


def fetch(desk: Desk, ref: str = REF) -> str:
    return network.fetch(desk.repo, "origin", [f"+{ref}:refs/gitmem/incoming"], Talk())


def fetch_apart(desk: Desk) -> None:
    with Scratch(desk.repo, "origin") as place:
        place.fetch(REF)


def test_a_ref_that_is_not_there_is_named_and_is_no_error(desk: Desk) -> None:
    assert fetch(desk) == REF
    assert push(desk)
    assert fetch(desk) == ""


def test_a_fetch_touches_no_ref_but_the_one_that_is_named(server: Server, desk: Desk) -> None:
    push(desk)
    other = server.clone("two")
    other.sandbox.git("update-ref", "-d", "refs/remotes/origin/gitmem/queue")

    fetch(other)

    assert other.head("refs/gitmem/incoming") != ""
    assert other.head("refs/remotes/origin/gitmem/queue") == ""
    assert not (other.sandbox.path / ".git/FETCH_HEAD").exists()


def test_a_push_that_lost_a_race_is_told_from_one_that_is_declined(
    server: Server, desk: Desk
) -> None:
    other = server.clone("two")
    other.flag("another fact")
    push(other)

    assert push(desk) is False
    server.bare.git("update-ref", "-d", REF)
    server.decline(100)
    with pytest.raises(Declined):
        push(desk)


def test_a_ref_lock_at_the_server_is_a_race(server: Server, desk: Desk) -> None:
    lock = server.bare.path / f"{REF}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()

    assert push(desk) is False


def test_a_server_that_accepts_and_says_nothing_is_not_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "_PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        desk.sandbox.git(
            "remote", "set-url", "origin", f"git://127.0.0.1:{deaf.getsockname()[1]}/x"
        )

        with pytest.raises(NotReached, match="there was no answer for"):
            fetch(desk)
        with pytest.raises(NotReached, match="there was no answer for"):
            push(desk)


class _Locked(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        del code, size  # not into the test's output


@pytest.mark.parametrize("scratch", [False, True])
def test_a_login_in_the_environment_is_not_handed_on_and_that_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, scratch: bool
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "http.extraHeader")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "X-Login: x")
    with http.server.HTTPServer(("127.0.0.1", 0), _Locked) as locked:
        threading.Thread(target=locked.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{locked.server_port}/x.git"
        desk.sandbox.git("remote", "set-url", "origin", url)

        with pytest.raises(NotReached) as raised:
            fetch_apart(desk) if scratch else fetch(desk)

        locked.shutdown()
    assert "a login in GIT_CONFIG_COUNT is not handed on" in raised.value.hint


def test_a_server_that_asks_for_a_login_is_5_with_what_to_do_and_no_prompt(desk: Desk) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), _Locked) as locked:
        threading.Thread(target=locked.serve_forever, daemon=True).start()
        desk.sandbox.git(
            "remote", "set-url", "origin", f"http://127.0.0.1:{locked.server_port}/x.git"
        )

        with pytest.raises(NotReached, match="origin did not let git in") as raised:
            fetch(desk)

        locked.shutdown()
    assert raised.value.exit_code == 5
    assert "git fetch origin" in raised.value.hint


def test_whoever_listens_hears_git_s_own_progress(server: Server, desk: Desk) -> None:
    heard: list[bytes] = []
    talk = Talk(heard.append)

    network.push(desk.repo, "origin", desk.head("gitmem/queue"), REF, talk)
    other = server.clone("two", "--single-branch")
    network.fetch(other.repo, "origin", [f"+{REF}:refs/gitmem/incoming"], talk)

    said = b"".join(heard)
    assert b"Writing objects: 100%" in said
    assert b"remote: Counting objects: 100%" in said


def test_alone_nobody_is_asked_for_anything(desk: Desk) -> None:
    assert Talk().env == {}
    assert Talk(alone=True).env["SSH_ASKPASS_REQUIRE"] == "never"
    assert Talk(alone=True).env["GIT_ASKPASS"] == ""


@pytest.mark.parametrize("work", [fetch, push])
def test_a_git_that_is_killed_without_a_word_is_a_remote_that_was_not_reached(
    desk: Desk, work: Callable[[Desk], object]
) -> None:
    git = desk.sandbox.git
    git("config", "remote.origin.url", str(desk.sandbox.path))
    git("config", "remote.origin.uploadpack", "kill -9 $PPID; exit;")
    git("config", "remote.origin.receivepack", "kill -9 $PPID; exit;")

    with pytest.raises(NotReached, match="git said nothing"):
        work(desk)
