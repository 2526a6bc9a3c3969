"""gitmem's own skill: installed and updated while it is gitmem's, left alone when it is a person's."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from gitmem.bootstrap import assets
from gitmem.install.file_changes import apply
from gitmem.install.install import plan_install, plan_uninstall
from gitmem.memory.skills import front_matter, skill_in
from tests.install.test_install import SHIPPED, UNINSTALL
from tests.support.sandbox import Sandbox

OLD = SHIPPED.skill.replace("\n1. ", "\n1. First: ")
#: A gitmem that knows an older version of its skill.
KNOWING = replace(SHIPPED, skills=SHIPPED.skills | {sha256(OLD.encode()).hexdigest()})

SKILL = skill_in(".claude/skills")


def install(sandbox: Sandbox) -> tuple[str, ...]:
    planned = plan_install(sandbox.path, shipped=KNOWING, folder="memory", ignored=lambda _: False)
    apply(sandbox.path, planned.changes, staging=str(sandbox.path / ".git"))
    return planned.notes


def uninstall(sandbox: Sandbox) -> None:
    apply(
        sandbox.path,
        plan_uninstall(sandbox.path, replace(UNINSTALL, skills=KNOWING.skills)).changes,
        staging=str(sandbox.path / ".git"),
    )


def test_the_shipped_text_is_among_the_versions_it_knows() -> None:
    assert sha256(SHIPPED.skill.encode()).hexdigest() in SHIPPED.skills
    assert all(len(version) == 64 for version in SHIPPED.skills)


@pytest.mark.parametrize("before", [None, OLD, SHIPPED.skill, OLD.replace("\n", "\r\n")])
def test_it_is_installed_where_it_is_absent_and_updated_where_it_is_older(
    sandbox: Sandbox, before: str | None
) -> None:
    if before is not None:
        sandbox.write(SKILL, before)

    assert install(sandbox) == ()

    assert sandbox.read(SKILL) == SHIPPED.skill
    uninstall(sandbox)
    assert not (sandbox.path / ".claude").exists()


def test_the_same_version_with_other_line_ends_is_no_change(sandbox: Sandbox) -> None:
    text = SHIPPED.skill.replace("\n", "\r\n")
    sandbox.write(SKILL, text)

    assert install(sandbox) == ()

    assert (sandbox.path / SKILL).read_bytes() == text.encode()


@pytest.mark.parametrize("text", ["", "mine\n", SHIPPED.skill + "\n- And be kind.\n"])
def test_what_a_person_edited_is_neither_overwritten_nor_removed(
    sandbox: Sandbox, text: str
) -> None:
    sandbox.write(SKILL, text)

    assert install(sandbox) == (f"{SKILL} was edited by a person, and stays as it is",)
    assert sandbox.read(SKILL) == text
    uninstall(sandbox)
    assert sandbox.read(SKILL) == text


@pytest.mark.parametrize("place", ["../.agents/skills", "../../outside"])
def test_a_folder_of_skills_elsewhere_is_left_alone_and_the_rest_is_wired(
    sandbox: Sandbox, place: str
) -> None:
    link = sandbox.path / ".claude/skills"
    link.parent.mkdir()
    link.symlink_to(place)
    link.resolve().mkdir(parents=True)

    (note,) = install(sandbox)

    assert note.startswith("the skill gitmem-close was not installed: ")
    assert list(link.iterdir()) == []
    assert (sandbox.path / ".claude/settings.json").exists()


def test_it_grants_itself_nothing_and_tells_the_commands_that_are_there() -> None:
    front, body = front_matter(SHIPPED.skill)

    names = [line.partition(":")[0] for line in front.splitlines() if ":" in line]
    assert names == ["name", "description"]
    assert "gitmem plan" in body
    assert "gitmem apply FILE" in body
    assert "Do not run `gitmem accept`" in body
    assert assets.path("templates/skills/gitmem-close/SKILL.md").is_file()
