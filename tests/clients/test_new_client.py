"""A new client is one folder and one row in the table of clients: this whole file adds one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox

ADAPTER = """
from gitmem.clients.abilities import WiredFile, Wiring
from gitmem.clients.client import Client
from gitmem.session import boundary

LINE = "boot: gitmem hook toy boot\\n"

class Toy(Client):
    name, title = "toy", "Toy"
    def parse(self, payload, name, environ=None):
        kind, folder = {"boot": boundary.BOOT}[name], payload["folder"]
        return boundary.Event(kind, client="toy", name=name, session="s1", cwd=folder)
    def answer(self, event, *, person, model, ask=""):
        return f"TOY SAYS {model}"
    def wiring(self, read):
        wire, unwire = lambda text: (text or "") + LINE, lambda text: text.replace(LINE, "") or None
        file = WiredFile(path=".toy", wire=wire, unwire=unwire, mark=LINE.encode())
        said = {"instructions": lambda exists, text: ("AGENTS.md", []), "hooks": (), "allow": ()}
        return Wiring(title="Toy", files=(file,), **said)

CLIENT = Toy()
"""
ROW = """import gitmem.clients; from gitmem.core import agent_clients
gitmem.clients.__path__.append(__file__.rpartition("/")[0])
agent_clients.CLIENTS += (agent_clients.ClientSigns("toy", signs=("TOY",), sessions=("TOY",), own=()),)
"""


def test_a_client_is_a_folder_and_a_row(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy/adapter.py").write_text(ADAPTER)
    (tmp_path / "sitecustomize.py").write_text(ROW)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert "wrote .toy" in sandbox.gitmem("init", "--client", "toy").out
    hook = sandbox.read(".toy").removeprefix("boot: gitmem ").split()
    assert sandbox.gitmem("flag", "deploys need the VPN", env={"TOY": "s1"}).code == 0

    said = sandbox.gitmem(*hook, input=json.dumps({"folder": str(sandbox.path)})).out

    assert said.startswith("TOY SAYS gitmem: 1 flag waits undrained")
    assert '"client":"toy"' in sandbox.git("log", "-p", "gitmem/queue")
    assert sandbox.gitmem("accept", env={"TOY": "s1"}).code == 4
    assert sandbox.gitmem("uninstall").code == 0
    assert not (sandbox.path / ".toy").exists()
