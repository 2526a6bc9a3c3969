"""The files of a person's home in `gitmem init --personal` and `gitmem uninstall --personal`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.bootstrap.shipped import wirings
from gitmem.cli import surroundings
from gitmem.cli.commands import client_choice
from gitmem.clients.mcp_hosts import home
from gitmem.core.errors import Refused, UsageError
from gitmem.install import personal
from gitmem.install.personal import PersonalPlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitmem.bootstrap.workplace import Workplace
    from gitmem.clients.abilities import PersonalFile, Wiring
    from gitmem.clients.mcp_hosts.host import McpHost
    from gitmem.install.file_changes import FileChange
    from gitmem.install.install import InstallPlan


class PersonalWriting:
    """What one `init` writes into the person's home: nothing unless it is ``wanted`` for a client or host that is named.

    ``clients`` are those that are wired, ``hosts`` the MCP hosts that get an entry, ``beside`` the changes in
    the work tree. Raises UsageError where no client or host is named that has files there, and Refused inside
    an agent client: what a person's own files allow is the person's to say.
    """

    def __init__(
        self,
        place: Workplace,
        named: Sequence[str],
        clients: Iterable[Wiring],
        *,
        hosts: Iterable[McpHost],
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
        own = home.personal(host for host in hosts if host.home)
        if not named and not own:
            raise UsageError(
                "--personal works only with --client, or with --mcp and a host that has its file in your home",
                hint=f"name the client, or one of {', '.join(home.NAMES)}",
            )
        if (client := surroundings.agent()) and not dry_run:
            raise Refused(
                f"init --personal is a person's command, and this runs inside {client}",
                hint="run it in your own terminal; --dry-run shows what it would write",
            )
        asked = client_choice.named_ones(named)
        self._files = (*[file for wiring in asked.values() for file in wiring.personal], *own)
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
        folder = _home()
        files = [file for wiring in wirings().values() for file in wiring.personal]
        files += home.personal(client_choice.home_hosts(place))
        there = [file for file in files if folder and personal.is_wired(folder, file)]
        self.plan = PersonalPlan()
        self.notes: tuple[str, ...] = ()
        if wanted:
            self.plan = personal.plan_removal(folder, there, place.repo.common)
            self.notes = self.plan.notes
        elif there:
            names = ", ".join(personal.shown(file.path) for file in there)
            self.notes = (
                f"gitmem's part of your home stays in {names}; to take it out: gitmem uninstall --personal",
            )

    def take_out(self) -> None:
        """Take gitmem's part out of the files."""
        repo = self._place.repo
        personal.take_out(self.plan, repo.common, staging=repo.git_dir)


def _home() -> str:
    return surroundings.ENVIRON.get("HOME", "")


def _hints(clients: Iterable[Wiring]) -> tuple[str, ...]:
    """What `--personal` would do for the clients that are wired, where it is not done."""
    folder = _home()
    known = {wiring.title: name for name, wiring in wirings().items()}
    return tuple(
        f"{personal.shown(file.path)} was not written ({file.reason}); to write it: "
        f"gitmem init --client {known[wiring.title]} --personal"
        for wiring in clients
        for file in wiring.personal
        if folder and not personal.is_wired(folder, file)
    )
