"""The account that runs the tests, with a home of the test's own in the password database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: What a child of Python loads before anything else: the database's answer, with another home in it.
_SITE = """\
import os
import pwd

_asked = pwd.getpwuid


def _answered(uid):
    entry = list(_asked(uid))
    entry[5] = os.environ["ACCOUNT_HOME"]
    return pwd.struct_passwd(entry)


pwd.getpwuid = _answered
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A home, and the environment in which the password database names it."""

    home: Path
    env: dict[str, str | None]

    @property
    def mine(self) -> Path:
        """Where the person's own memory is."""
        return self.home / ".local" / "share" / "gitmem" / "mine"

    def read(self, path: str) -> str:
        """The text of a file of the home; empty where there is none."""
        file = self.home / path
        return file.read_text(encoding="utf-8") if file.exists() else ""


def is_site(folder: str) -> bool:
    """Whether a folder for PYTHONPATH has what `account` puts there, and nothing else."""
    found = Path(folder, "sitecustomize.py")
    only = {"sitecustomize.py", "__pycache__"}
    return (
        found.is_file()
        and found.read_text(encoding="utf-8") == _SITE
        and only.issuperset(file.name for file in found.parent.iterdir())
    )


def account(folder: Path, home: Path | None = None) -> Account:
    """An account with this home (default: a new one in ``folder``). HOME stays what it is, so that it cannot be what counts."""
    site = folder / "site"
    if home is None:
        home = folder / "account"
        home.mkdir(mode=0o700)
    site.mkdir()
    (site / "sitecustomize.py").write_text(_SITE, encoding="utf-8")
    return Account(home=home, env={"ACCOUNT_HOME": str(home), "PYTHONPATH": str(site)})
