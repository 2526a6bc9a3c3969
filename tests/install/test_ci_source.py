"""What the files of CI install: pinned, harmless in a script, and what is really installed here."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gitmem.bootstrap.shipped import ci
from gitmem.core.errors import Refused, UsageError
from gitmem.git import network
from gitmem.install import ci_source, installed
from gitmem.install.ci_source import Folder, Source
from gitmem.install.installed import Asks
from gitmem.install.shipped_files import GITLAB_MAIN, Host, is_shipped
from tests.support.sandbox import SOURCE, Sandbox

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "ab" * 32
HOME = "https://example.org/gitmem.git"


def recorded(**record: Any) -> str:
    """What `direct_url.json` is read as, as pip takes it."""
    found = ci_source.recorded("0.1.0", json.dumps(record))
    assert isinstance(found, Source)
    return found.requirement


def vcs(url: str, **more: Any) -> str:
    return recorded(url=url, vcs_info={"vcs": "git", "commit_id": COMMIT}, **more)


# ---------------------------------------------------------------- what pip and uv wrote down


def test_a_release_is_pinned_by_its_version() -> None:
    assert ci_source.recorded("0.1.0", None) == Source(version="0.1.0")


@pytest.mark.parametrize(
    ("url", "pinned"),
    [
        (HOME, f"git+{HOME}@{COMMIT}"),
        ("https://someone:word@example.org/gitmem.git", f"git+{HOME}@{COMMIT}"),
        ("https://${USER}:${WORD}@example.org/gitmem.git", f"git+{HOME}@{COMMIT}"),
        ("ssh://git@example.org:2222/x/y", f"git+ssh://git@example.org:2222/x/y@{COMMIT}"),
        ("git@example.org:x/y.git", f"git+ssh://git@example.org/x/y.git@{COMMIT}"),
        ("ssh://git@github.com/x/y.git", f"git+https://github.com/x/y.git@{COMMIT}"),
        ("git@gitlab.com:x/y.git", f"git+https://gitlab.com/x/y.git@{COMMIT}"),
    ],
)
def test_an_installation_from_git_is_pinned_to_its_commit_without_a_login(
    url: str, pinned: str
) -> None:
    assert vcs(url) == f"gitmem-cli @ {pinned}"


def test_a_project_below_the_top_of_its_repository_is_named_by_its_folder() -> None:
    assert vcs(HOME, subdirectory="tools/gitmem").endswith(f"@{COMMIT}#subdirectory=tools/gitmem")


@pytest.mark.parametrize(
    "info",
    [
        {"hashes": {"sha256": DIGEST}},
        {"hash": f"sha256={DIGEST}"},
        {"hash": f"sha256={DIGEST}", "hashes": {"sha256": DIGEST}},
    ],
)
def test_an_archive_is_pinned_by_its_digest_where_that_was_recorded(info: dict[str, Any]) -> None:
    url = "https://example.org/gitmem_cli-0.1.0-py3-none-any.whl"

    assert recorded(url=url, archive_info=info) == f"gitmem-cli @ {url}#sha256={DIGEST}"
    assert recorded(url=url, archive_info={}) == f"gitmem-cli @ {url}"


@pytest.mark.parametrize(
    ("version", "record"),
    [
        ("0.1.0+local", None),
        ("0.1.0", "no JSON"),
        ("0.1.0", "[]"),
        ("0.1.0", json.dumps({"url": HOME})),
        ("0.1.0", json.dumps({"url": HOME, "vcs_info": {"vcs": "hg", "commit_id": COMMIT}})),
        ("0.1.0", json.dumps({"url": HOME, "vcs_info": {"vcs": "git", "commit_id": "main"}})),
        ("0.1.0", json.dumps({"url": "file:///tmp/gitmem.whl", "archive_info": {}})),
        (
            "0.1.0",
            json.dumps(
                {
                    "url": "https://example.org/$(id)/x",
                    "vcs_info": {"vcs": "git", "commit_id": COMMIT},
                }
            ),
        ),
        ("0.1.0", json.dumps({"url": "https://[x", "dir_info": {}})),
        (
            "0.1.0",
            json.dumps(
                {
                    "url": "https://example.org:x/y",
                    "vcs_info": {"vcs": "git", "commit_id": COMMIT},
                }
            ),
        ),
        (
            "0.1.0",
            json.dumps(
                {"url": "https://example.org/a'b", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}
            ),
        ),
    ],
)
def test_what_a_build_machine_cannot_install_is_refused_and_says_what_to_do(
    version: str, record: str | None
) -> None:
    with pytest.raises(Refused) as refused:
        ci_source.recorded(version, record)

    assert "no build machine" in refused.value.message
    assert "--ci-source" in refused.value.hint


def test_a_folder_and_a_clone_on_this_machine_are_asked_for_their_commit() -> None:
    editable = json.dumps({"url": "file:///srv/git%20mem", "dir_info": {"editable": True}})
    clone = json.dumps({"url": "file:///srv/x", "vcs_info": {"vcs": "git", "commit_id": COMMIT}})

    assert ci_source.recorded("0.1.0", editable) == Folder(path="/srv/git mem")
    assert ci_source.recorded("0.1.0", clone) == Folder(path="/srv/x", commit=COMMIT)


# ---------------------------------------------------------------- a person's choice


@pytest.mark.parametrize(
    "said",
    [
        "gitmem-cli==1.2.3rc1",
        f"git+{HOME}@{COMMIT}",
        f"gitmem-cli @ git+{HOME}@{COMMIT}",
        f"git+ssh://git@example.org/x@{COMMIT}#subdirectory=a",
        f"https://example.org/gitmem.whl#sha256={DIGEST}",
    ],
)
def test_a_persons_pinned_source_is_taken(said: str) -> None:
    named = ci_source.given(said)

    assert named.requirement.endswith(said.removeprefix("gitmem-cli @ "))
    assert ci_source.given(named.requirement) == named


@pytest.mark.parametrize(
    "said",
    [
        "gitmem-cli",
        "gitmem-cli>=1",
        "other==1",
        "gitmem-cli==1; touch evil",
        "./dist/gitmem.whl",
        f"git+{HOME}",
        f"git+{HOME}@main",
        f"git+https://me:{'pass' + 'word'}@example.org/x@{COMMIT}",
        "https://example.org/gitmem.whl",
        f"http://example.org/gitmem.whl#sha256={DIGEST}",
        f"git+https://example.org/$(id)@{COMMIT}",
        f"git+https://example.org/'@{COMMIT}",
        f"git+https://example.org/${{{{ github.token }}}}@{COMMIT}",
        "",
        "git+https://[::1@x",
    ],
)
def test_a_source_that_is_not_pinned_or_not_harmless_is_a_usage_error(said: str) -> None:
    with pytest.raises(UsageError):
        ci_source.given(said)


paths = st.text(alphabet="abzAZ019._~%+-/", min_size=1, max_size=30)
sources = st.one_of(
    st.builds(lambda path: f"git+https://example.org/{path}@{COMMIT}", paths),
    st.builds(lambda path: f"https://example.org/{path}.whl#sha256={DIGEST}", paths),
    st.from_regex(r"gitmem-cli==[0-9]{1,3}(\.[0-9]{1,3}){0,2}", fullmatch=True),
)


@settings(deadline=None)
@given(said=sources)
def test_every_file_with_any_source_is_still_known_as_gitmems_and_names_it_as_one_word(
    said: str,
) -> None:
    shipped, source = ci(), ci_source.given(said)

    for path, text in shipped.texts.items():
        if path == GITLAB_MAIN:
            continue
        written = ci_source.with_source(text, source)
        assert is_shipped(written, shipped.versions)
        assert ci_source.named_in(written) == source
        assert list(YAML(typ="safe", pure=True).load_all(written))
        (line,) = [line for line in written.splitlines() if " install " in line]
        words = shlex.split(line.replace("$(", "").replace(")", " "))
        assert source.requirement in words


# ---------------------------------------------------------------- a folder


@pytest.fixture
def folder(sandbox: Sandbox) -> Sandbox:
    """A checkout of the project whose remote, by its address, is on a server; git goes to a folder instead."""
    sandbox.commit("project", {"pyproject.toml": "[project]\n"})
    server = sandbox.path.parent / "server.git"
    sandbox.git("init", "--quiet", "--bare", str(server))
    sandbox.git("remote", "add", "origin", str(server))
    sandbox.git("push", "--quiet", "origin", "HEAD:main")
    sandbox.git("fetch", "--quiet", "origin")
    return sandbox


def found(sandbox: Sandbox, commit: str = "") -> installed.Installed:
    asks = Asks(environ=dict(os.environ), talk=network.Talk(alone=True))
    return installed.of_folder(Folder(path=str(sandbox.path), commit=commit), asks)


def refusal(sandbox: Sandbox, commit: str = "") -> str:
    with pytest.raises(Refused) as refused:
        found(sandbox, commit)
    return refused.value.message


@pytest.fixture
def addressed(folder: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """That checkout, its remote under the address of a server."""
    monkeypatch.setattr(network, "fetch_url", lambda *_: HOME)
    return folder


def test_a_folder_is_pinned_to_its_commit_at_its_remote(addressed: Sandbox) -> None:
    head = addressed.git("rev-parse", "HEAD")

    assert found(addressed).source.requirement == f"gitmem-cli @ git+{HOME}@{head}"
    addressed.commit("more")
    addressed.git("push", "--quiet", "origin", "HEAD:main")
    assert found(addressed, head).source.url == f"git+{HOME}@{head}"


def test_changes_that_the_commit_lacks_are_told(addressed: Sandbox) -> None:
    assert found(addressed).notes == ()
    addressed.write("pyproject.toml", "[project] # changed\n")

    (note,) = found(addressed).notes
    assert "has changes that its commit" in note


def test_a_commit_that_the_remote_lacks_is_refused_also_when_it_had_it(addressed: Sandbox) -> None:
    addressed.commit("not pushed")
    assert "no branch that is known of its remote origin has the commit" in refusal(addressed)

    addressed.git("push", "--quiet", "origin", "HEAD:main")
    assert found(addressed).source.url
    first = addressed.git("rev-list", "--max-parents=0", "HEAD")
    server = Sandbox(addressed.path.parent / "server.git")
    server.git("update-ref", "refs/heads/main", first)
    assert "no branch that is known of its remote origin has the commit" in refusal(addressed)


def test_a_remote_that_is_a_folder_or_missing_or_gone_is_refused(folder: Sandbox) -> None:
    assert "whose remote origin is a folder of this machine" in refusal(folder)

    folder.git("remote", "set-url", "origin", str(folder.path.parent / "nowhere.git"))
    assert "its remote cannot be asked" in refusal(folder)
    folder.git("remote", "remove", "origin")
    assert "whose repository has no remote" in refusal(folder)


def test_a_folder_that_is_no_clone_of_the_project_is_refused(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()

    assert "which is no clone" in refusal(Sandbox(plain))
    assert "which is no clone" in refusal(Sandbox(tmp_path / "gone"))
    sandbox.git("rm", "--quiet", "-r", "--ignore-unmatch", "--cached", ".")
    sandbox.write("inside/pyproject.toml", "[project]\n")
    assert "no commit there has its pyproject.toml" in refusal(Sandbox(sandbox.path / "inside"))


# ---------------------------------------------------------------- the command


CHECK = ".github/workflows/gitmem-check.yml"


def test_init_writes_the_named_source_and_says_it(sandbox: Sandbox) -> None:
    source = f"git+{HOME}@{COMMIT}"

    answer = sandbox.gitmem("init", "--ci", "github", "--ci-source", source)

    assert f"CI installs gitmem-cli @ {source}" in answer.out.splitlines()
    assert f"install 'gitmem-cli @ {source}'\n" in sandbox.read(CHECK)
    told = sandbox.gitmem("init", "--ci", "github", "--ci-source", source, "--json")
    assert json.loads(told.out)["changed"] == []
    assert json.loads(told.out)["ci_source"] == f"gitmem-cli @ {source}"


def test_another_clone_keeps_the_place_that_the_files_name(sandbox: Sandbox) -> None:
    """A person whose gitmem comes from elsewhere runs it for the hook, as it tells to."""
    sandbox.gitmem("init", "--ci", "github", "--ci-source", f"git+{HOME}@{COMMIT}")
    before = sandbox.read(CHECK)

    answer = sandbox.gitmem("init", "--ci", "github")

    assert answer.code == 0
    assert sandbox.read(CHECK) == before


def test_a_newer_version_of_the_same_place_takes_over(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.gitmem("init", "--ci", "github", *SOURCE)
    asks = Asks(environ=dict(os.environ), talk=network.Talk(alone=True))

    def chosen(own: Source) -> installed.Installed:
        monkeypatch.setattr(installed, "installed", lambda _: installed.Installed(source=own))
        return installed.for_ci(sandbox.path, Host.GITHUB, ci(), "", asks)

    newer = Source(version="0.2.0")
    assert chosen(newer) == installed.Installed(source=newer)
    other = chosen(Source(url=f"git+{HOME}@{COMMIT}"))
    assert other.source == Source(version="0.1.0")
    assert f"--ci-source 'gitmem-cli @ git+{HOME}@{COMMIT}'" in other.notes[0]


@pytest.mark.parametrize("ci_option", [(), ("--ci", "none")])
def test_a_source_without_a_ci_is_a_usage_error(
    sandbox: Sandbox, ci_option: tuple[str, ...]
) -> None:
    answer = sandbox.gitmem("init", *ci_option, *SOURCE)

    assert answer.code == 2
    assert "add --ci github or --ci gitlab" in answer.err
    assert not (sandbox.path / ".gitmem").exists()


def test_a_bad_source_writes_nothing(sandbox: Sandbox) -> None:
    answer = sandbox.gitmem("init", "--ci", "github", "--ci-source", "gitmem-cli")

    assert answer.code == 2
    assert not (sandbox.path / ".gitmem").exists()
