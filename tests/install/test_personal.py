"""Files of a person's home: written only where they ask for it by name, and given back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitmem.bootstrap import assets
from gitmem.clients.abilities import PersonalFile
from gitmem.clients.gemini.wiring import POLICY, POLICY_FILE, with_policy, without_policy
from gitmem.clients.hook_settings import HookSettings
from gitmem.core.errors import Refused
from gitmem.install import personal
from tests.install.test_undo import FILES
from tests.support.sandbox import Result, Sandbox

SHIPPED = assets.read(POLICY)
HOME_SETTINGS = HookSettings(name="~/.toy/settings.json", ours="gitmem hook toy")
ALLOW = ("Bash(gitmem flag *)", "Bash(gitmem snag *)")
PERMISSIONS = PersonalFile(
    path=".toy/settings.json",
    reason="the toy asks",
    wire=lambda text: HOME_SETTINGS.merge(text, (), ALLOW),
    unwire=lambda text: HOME_SETTINGS.remove(text, ALLOW),
    mark=b"gitmem flag",
)
RULES = PersonalFile(
    path=POLICY_FILE,
    reason="the client asks",
    wire=lambda text: with_policy(text, SHIPPED),
    unwire=without_policy,
    mark=b"# gitmem:begin",
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def init(sandbox: Sandbox, home: Path, *options: str) -> Result:
    return sandbox.gitmem("init", "--client", "gemini", *options, env={"HOME": str(home)})


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_policy_in_a_file_of_windows_line_ends_has_them_too() -> None:
    text = '# mine\r\n[[rule]]\r\ntoolName = "x"\r\n'

    wired = with_policy(text, SHIPPED)

    assert "\n" not in wired.replace("\r\n", "")
    assert with_policy(wired, SHIPPED) == wired
    assert with_policy(wired.replace("flag", "flog"), SHIPPED) == wired  # an older version's part
    assert without_policy(wired) == text


def test_a_home_is_not_written_to_without_the_option(sandbox: Sandbox, home: Path) -> None:
    (home / ".gemini").mkdir()
    (home / ".gemini/settings.json").write_text("{}")

    said = sandbox.gitmem("init", "--client", "all", env={"HOME": str(home)})

    assert said.code == 0
    assert everything(home) == {".gemini/settings.json": b"{}"}
    assert f"~/{POLICY_FILE} was not written (" in said.err
    assert "gitmem init --client gemini --personal" in said.err
    sandbox.gitmem("doctor", "--fix", env={"HOME": str(home)})
    assert everything(home) == {".gemini/settings.json": b"{}"}


def test_with_the_option_it_is_written_with_its_reason_and_taken_back(
    sandbox: Sandbox, home: Path
) -> None:
    said = init(sandbox, home, "--personal")

    assert said.code == 0, said
    assert f"wrote ~/{POLICY_FILE}" in said.out
    assert f"~/{POLICY_FILE} is yours, for every repository: Gemini CLI takes no policy" in said.err
    assert everything(home) == {POLICY_FILE: SHIPPED.encode()}
    again = init(sandbox, home, "--personal")
    assert "everything is in place already" in again.out
    kept = sandbox.gitmem("uninstall", env={"HOME": str(home)})
    assert f"stays in ~/{POLICY_FILE}; to take it out: gitmem uninstall --personal" in kept.err
    assert everything(home) == {POLICY_FILE: SHIPPED.encode()}
    gone = sandbox.gitmem("uninstall", "--personal", env={"HOME": str(home)})
    assert f"removed ~/{POLICY_FILE}" in gone.out
    assert list(home.iterdir()) == []


def test_a_dry_run_shows_it_and_writes_nothing(sandbox: Sandbox, home: Path) -> None:
    said = init(sandbox, home, "--personal", "--dry-run")

    assert f"would write ~/{POLICY_FILE}" in said.out
    assert '+commandPrefix = ["gitmem flag", "gitmem snag"]' in said.out
    assert everything(home) == {}
    init(sandbox, home, "--personal")
    told = sandbox.gitmem("uninstall", "--personal", "--dry-run", env={"HOME": str(home)})
    assert f"would remove ~/{POLICY_FILE}" in told.out
    assert everything(home) == {POLICY_FILE: SHIPPED.encode()}


def test_json_names_the_files_and_their_reasons(sandbox: Sandbox, home: Path) -> None:
    told = json.loads(init(sandbox, home, "--personal", "--json").out)

    assert f"~/{POLICY_FILE}" in told["changed"]
    assert any(note.startswith(f"~/{POLICY_FILE} is yours") for note in told["notes"])
    gone = sandbox.gitmem("uninstall", "--personal", "--json", env={"HOME": str(home)})
    assert f"~/{POLICY_FILE}" in json.loads(gone.out)["changed"]


def test_the_option_needs_a_client_by_name(sandbox: Sandbox, home: Path) -> None:
    init(sandbox, home)

    said = sandbox.gitmem("init", "--personal", env={"HOME": str(home)})

    assert said.code == 2
    assert "--personal works only with --client" in said.err
    # A client that is wired already and not named is not asked for.
    other = sandbox.gitmem("init", "--client", "codex", "--personal", env={"HOME": str(home)})
    assert "codex: nothing is needed in your home" in other.err
    assert everything(home) == {}


def test_an_agent_cannot_allow_itself_commands(sandbox: Sandbox, home: Path) -> None:
    inside = {"HOME": str(home), "GEMINI_CLI": "1"}

    said = sandbox.gitmem("init", "--client", "gemini", "--personal", env=inside)

    assert said.code == 4
    assert "init --personal is a person's command" in said.err
    assert everything(home) == {}
    assert not (sandbox.path / ".gemini").exists()
    shown = sandbox.gitmem("init", "--client", "gemini", "--personal", "--dry-run", env=inside)
    assert f"would write ~/{POLICY_FILE}" in shown.out


def test_a_link_inside_the_home_is_followed_and_one_out_of_it_is_not(
    sandbox: Sandbox, home: Path, tmp_path: Path
) -> None:
    real = home / "dotfiles/gemini/policies/gitmem.toml"
    real.parent.mkdir(parents=True)
    real.write_text("# mine")
    (home / ".gemini").symlink_to("dotfiles/gemini")
    assert init(sandbox, home, "--personal").code == 0
    assert real.read_text() == f"# mine\n{SHIPPED}"
    kept = sandbox.gitmem("uninstall", env={"HOME": str(home)})
    assert "gitmem uninstall --personal" in kept.err
    assert sandbox.gitmem("uninstall", "--personal", env={"HOME": str(home)}).code == 0
    assert real.read_text() == "# mine"
    (home / ".gemini").unlink()
    (tmp_path / "elsewhere").mkdir()
    (home / ".gemini").symlink_to(tmp_path / "elsewhere")

    refused = init(sandbox, home, "--personal")

    assert refused.code == 4
    assert f"~/{POLICY_FILE} is behind a symlink" in refused.err
    assert everything(tmp_path / "elsewhere") == {}
    assert not (sandbox.path / ".gemini").exists()


def test_what_belongs_to_somebody_else_is_not_written(
    sandbox: Sandbox, home: Path, tmp_path: Path
) -> None:
    foreign = Path("/usr")
    if os.geteuid() == 0:
        foreign = tmp_path / "foreign"
        foreign.mkdir()
        os.chown(foreign, 12345, 12345)
        (home / ".gemini").mkdir()
        os.chown(home / ".gemini", 12345, 12345)
        said = init(sandbox, home, "--personal")
        assert said.code == 4
        assert "belongs to another user" in said.err
        assert everything(home) == {}

    said = init(sandbox, foreign, "--personal")

    assert said.code == 4
    assert "belongs to another user" in said.err
    assert not (foreign / ".gemini").exists()


@pytest.mark.parametrize("named", [None, "", "relative", "/nowhere/at/all"])
def test_without_a_home_it_says_so(sandbox: Sandbox, named: str | None) -> None:
    env = {"HOME": named}

    said = sandbox.gitmem("init", "--client", "gemini", "--personal", env=env)

    assert said.code == 8, said
    assert "HOME names no folder" in said.err
    assert not (sandbox.path / ".gemini").exists()
    assert sandbox.gitmem("init", "--client", "gemini", env=env).code == 0
    assert sandbox.gitmem("uninstall", env=env).code == 0


def test_a_file_that_the_repository_has_too_is_refused(home: Path) -> None:
    beside = {f"{home.resolve()}/.toy/settings.json"}

    with pytest.raises(Refused, match=r"~/\.toy/settings\.json is a file of this work tree, too"):
        personal.plan_writing(str(home), [PERMISSIONS], beside=beside)


def test_after_an_edit_of_the_persons_only_gitmems_part_goes(sandbox: Sandbox, home: Path) -> None:
    mine = '[[rule]]\ntoolName = "read_file"\ndecision = "allow"\npriority = 1'
    (home / ".gemini/policies").mkdir(parents=True)
    (home / POLICY_FILE).write_text(mine)
    init(sandbox, home, "--personal")
    assert (home / POLICY_FILE).read_text() == f"{mine}\n{SHIPPED}"
    (home / POLICY_FILE).write_text(f"{mine}\n{SHIPPED}# more\n")

    sandbox.gitmem("uninstall", "--personal", env={"HOME": str(home)})

    assert (home / POLICY_FILE).read_text() == f"{mine}\n# more\n"


@pytest.mark.parametrize("text", ["# gitmem:begin\n[[rule]]\n", SHIPPED + SHIPPED])
def test_a_part_that_is_not_one_piece_is_left_to_a_person(
    sandbox: Sandbox, home: Path, text: str
) -> None:
    (home / ".gemini/policies").mkdir(parents=True)
    (home / POLICY_FILE).write_text(text)

    said = init(sandbox, home, "--personal")

    assert said.code == 8
    assert "gitmem's part is not one piece" in said.err
    assert (home / POLICY_FILE).read_text() == text


@settings(max_examples=60)
@given(
    toy=FILES,
    policy=st.none()
    | st.text("[]a#\r\n é=", max_size=30)
    | st.sampled_from([SHIPPED, f"# mine\n{SHIPPED}"]),
    twice=st.booleans(),
)
def test_any_text_comes_back_byte_for_byte_and_is_kept_nowhere(
    toy: str | None, policy: str | None, *, twice: bool
) -> None:
    with TemporaryDirectory() as root:
        home, common = Path(root, "home"), Path(root, "git")
        home.mkdir()
        common.mkdir()
        for file, text in ((PERMISSIONS, toy), (RULES, policy)):
            if text is not None:
                (home / file.path).parent.mkdir(parents=True)
                (home / file.path).write_bytes(text.encode())
        before = everything(home)
        files = [PERMISSIONS, RULES]
        marked = {file.path for file in files if file.mark in before.get(file.path, b"")}

        for _ in range(2 if twice else 1):
            plan = personal.plan_writing(str(home), files)
            personal.write(plan, files, str(common), staging=str(common))
        note = (common / "gitmem-personal.json").read_text() if list(common.iterdir()) else ""
        assert not personal.plan_writing(str(home), files).changes
        gone = personal.plan_removal(str(home), files, str(common))
        personal.take_out(gone, str(common), staging=str(common))

        after = everything(home)
        # A file that had gitmem's part before loses it; every other one is as it was.
        assert {path: text for path, text in after.items() if path not in marked} == {
            path: text for path, text in before.items() if path not in marked
        }
        assert '"model"' not in note
        assert not list(common.iterdir())


def test_what_is_kept_for_the_way_back_holds_no_text_of_the_persons(home: Path) -> None:
    common = home.parent / "git"
    common.mkdir()
    word = "0123456789" * 3
    (home / ".toy").mkdir()
    (home / ".toy/settings.json").write_text(json.dumps({"env": {"KEY": word}, "permissions": {}}))

    plan = personal.plan_writing(str(home), [PERMISSIONS])
    personal.write(plan, [PERMISSIONS], str(common), staging=str(common))

    assert word not in "".join(path.read_text() for path in common.rglob("*") if path.is_file())
    assert word in (home / ".toy/settings.json").read_text()
