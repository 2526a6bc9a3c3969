"""Capture: guards first, then the journal, then the branch; saved is saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitmem.capture import capture
from gitmem.capture.capture import FlagDraft
from gitmem.core.errors import Refused
from gitmem.queue import publisher
from gitmem.session import session_file
from tests.support.queues import ids_in_journal, ids_on_branch, repository_of
from tests.support.sandbox import Sandbox

AT = "2026-01-02T03:04:05Z"


def checked(sandbox: Sandbox, wish: FlagDraft) -> dict[str, object]:
    return capture.checked(wish, cwd=str(sandbox.path), repo=repository_of(sandbox))


def kept(sandbox: Sandbox, *texts: str) -> capture.CaptureResult:
    wanted = [checked(sandbox, FlagDraft(text)) for text in texts]
    return capture.keep(repository_of(sandbox), wanted, session={"session": "s"}, at=AT)


def test_all_flags_of_a_call_share_what_is_known(sandbox: Sandbox) -> None:
    captured = kept(sandbox, "one", "two")

    assert captured.reason == ""
    assert [flag.text for flag in captured.flags] == ["one", "two"]
    assert {(flag.at, flag.session, flag.branch) for flag in captured.flags} == {(AT, "s", "main")}
    assert ids_on_branch(sandbox) == [flag.id for flag in captured.flags]


@pytest.mark.parametrize(
    "wish",
    [
        FlagDraft("line\nbreak"),
        FlagDraft("ok", better="hidden \u202e"),
        FlagDraft("ok", source="x\x00"),
        FlagDraft("ok", topic="../up"),
        FlagDraft("ok", skill="../up"),
        FlagDraft("ok", skill=".hidden"),
        FlagDraft("ok", skill="x" * 65),
        FlagDraft("ok", rule="/etc/passwd"),
        FlagDraft("ok", paths=["../outside"]),
        FlagDraft("ok", paths=["x"] * 21),
        FlagDraft("run !`date` first", kind="snag"),
        FlagDraft("it failed", kind="snag", better="run !`date` first"),
        FlagDraft("[x](javascript:alert(1))"),
    ],
)
def test_every_field_is_guarded(sandbox: Sandbox, wish: FlagDraft) -> None:
    with pytest.raises(Refused):
        checked(sandbox, wish)


def test_a_credential_is_refused_without_repeating_it(sandbox: Sandbox) -> None:
    token = "gh" + "p_" + "aB3" * 12
    for wish in (
        FlagDraft(f"use {token}"),
        FlagDraft("ok", source=f"https://x:{token}@example.com/"),
    ):
        with pytest.raises(Refused, match="credential") as raised:
            checked(sandbox, wish)
        assert token not in raised.value.message


def test_fields_are_named_from_the_top_of_the_repository(sandbox: Sandbox) -> None:
    fields = checked(
        sandbox, FlagDraft("ok", kind="snag", better="b", rule="./AGENTS.md", paths=["."])
    )

    assert fields == {
        "kind": "snag",
        "text": "ok",
        "better": "b",
        "rule": "AGENTS.md",
        "paths": ["."],
    }


def test_a_path_through_a_link_to_the_repository_is_inside_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(sandbox.path)
    wish = FlagDraft("ok", paths=[str(tmp_path / "link" / "src/a.py"), str(tmp_path / "link")])

    assert checked(sandbox, wish)["paths"] == ["src/a.py", "."]
    with pytest.raises(Refused):
        checked(sandbox, FlagDraft("ok", paths=[str(tmp_path / "link" / ".." / "elsewhere")]))


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), ValueError("our own bug")])
def test_what_happens_after_the_journal_never_looks_like_a_loss(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, trouble: BaseException
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr(publisher, "publish", fail)
    captured = kept(sandbox, "one")

    assert captured.reason
    assert ids_in_journal(sandbox) == [captured.flags[0].id]


def test_a_branch_name_that_is_no_text_is_written_readably(sandbox: Sandbox) -> None:
    sandbox.git("symbolic-ref", "HEAD", "refs/heads/caf\udce9")

    assert kept(sandbox, "one").flags[0].branch == "caf\ufffd"


def test_a_flag_is_tainted_while_untrusted_text_stands_in_its_session(sandbox: Sandbox) -> None:
    folder = repository_of(sandbox).folder
    assert not kept(sandbox, "before").flags[0].tainted

    session_file.mark(folder, "s", ["taint WebFetch"])
    (tainted,) = kept(sandbox, "after").flags
    assert tainted.tainted
    assert '"tainted":true' in tainted.line
    session_file.mark(folder, "s", ["nudge commit", "nudge commit"])
    assert not kept(sandbox, "later").flags[0].tainted


def test_a_flag_of_a_person_is_never_tainted(sandbox: Sandbox) -> None:
    folder = repository_of(sandbox).folder
    for session in ("", "s", "unnamed"):
        session_file.mark(folder, session, ["taint WebFetch"])
    wanted = [checked(sandbox, FlagDraft("mine"))]

    captured = capture.keep(repository_of(sandbox), wanted, session={}, at=AT)

    assert not captured.flags[0].tainted
