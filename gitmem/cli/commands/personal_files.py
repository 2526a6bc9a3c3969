"""The files of a person's home in `gitmem init --personal` and `gitmem uninstall --personal`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.bootstrap.shipped import wirings
from gitmem.cli import surroundings
from gitmem.cli.commands import client_choice
from gitmem.core.errors import Refused, UsageError
from gitmem.install import personal
from gitmem.install.personal import PersonalPlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitmem.bootstrap.workplace import Workplace
    from gitmem.clients.abilities import PersonalFile, Wiring
    from gitmem.install.file_changes import FileChange
    from gitmem.install.install import InstallPlan


class PersonalWriting:
    """What one `init` writes into the person's home: nothing unless it is ``wanted`` for a client that is named.

    ``clients`` are those that are wired, ``beside`` the changes in the work tree. Raises UsageError where no client is named, Refused inside
    an agent client: what a person's own files allow is the person's to say.
    """

    def __init__(
        self,
        place: Workplace,
        named: Sequence[str],
        clients: Iterable[Wiring],
        *,
        wanted: bool,
        dry_run: bool,
        beside: Iterable[FileChange],
    ) -> None:
        self._place = place
        self._files: tuple[PersonalFile, ...] = ()
        self.plan = PersonalPlan()
        if not wanted:
            self._hints = _hints(clients)
            return
        if not named:
            raise UsageError(
                "--personal works only with --client",
                hint="name the client whose files in your home may be written",
            )
        if (client := surroundings.agent()) and not dry_run:
            raise Refused(
                f"init --personal is a person's command, and this runs inside {client}",
                hint="run it in your own terminal; --dry-run shows what it would write",
            )
        asked = client_choice.named_ones(named)
        self._files = tuple(file for wiring in asked.values() for file in wiring.personal)
        top = Path(place.repo.top).resolve()
        self.plan = personal.plan_writing(
            _home(), self._files, beside={f"{top}/{change.path}" for change in beside}
        )
        self._hints = (
            () if self._files else (f"{' and '.join(asked)}: nothing is needed in your home",)
        )

    def write(self) -> None:
        """Write the files."""
        repo = self._place.repo
        personal.write(self.plan, self._files, repo.common, staging=repo.git_dir)

    def with_plan(self, plan: InstallPlan) -> InstallPlan:
        """Return the plan to show: with these files beside those of the work tree."""
        changes = (*plan.changes, *self.plan.shown)
        return replace(plan, changes=changes, notes=(*plan.notes, *self.plan.notes, *self._hints))


class PersonalRemoval:
    """What one `uninstall` takes out of the person's home: nothing unless it is ``wanted``."""

    def __init__(self, place: Workplace, *, wanted: bool) -> None:
        self._place = place
        home = _home()
        files = [file for wiring in wirings().values() for file in wiring.personal]
        there = [file for file in files if home and personal.is_wired(home, file)]
        self.plan = PersonalPlan()
        self.notes: tuple[str, ...] = ()
        if wanted:
            self.plan = personal.plan_removal(home, there, place.repo.common)
            self.notes = self.plan.notes
        elif there:
            names = ", ".join(personal.shown(file.path) for file in there)
            self.notes = (
                f"what serves every repository stays in {names}; to take it out: gitmem uninstall --personal",
            )

    def take_out(self) -> None:
        """Take gitmem's part out of the files."""
        repo = self._place.repo
        personal.take_out(self.plan, repo.common, staging=repo.git_dir)


def _home() -> str:
    return surroundings.ENVIRON.get("HOME", "")


def _hints(clients: Iterable[Wiring]) -> tuple[str, ...]:
    """What `--personal` would do for the clients that are wired, where it is not done."""
    home = _home()
    known = {wiring.title: name for name, wiring in wirings().items()}
    return tuple(
        f"{personal.shown(file.path)} was not written ({file.reason}); to write it: "
        f"gitmem init --client {known[wiring.title]} --personal"
        for wiring in clients
        for file in wiring.personal
        if home and not personal.is_wired(home, file)
    )
