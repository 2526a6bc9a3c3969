"""Fake programs for the engine `command`: each does as its behaviour says and keeps how it was started."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_PROGRAM = """#!{python} -SE
import json, os, pathlib, subprocess, sys, time
here = pathlib.Path({folder!r})
do = json.loads((here / "behaviour.json").read_text())
files = {{}}
for place, word in enumerate(sys.argv):
    if word in ("--schema", "--output-schema") or word.endswith("schema.json"):
        path = pathlib.Path(word if word.endswith(".json") else sys.argv[place + 1])
        if path.is_absolute():
            files["schema"] = path.read_text()
kept = dict(argv=sys.argv, stdin=sys.stdin.read(), env=dict(os.environ), cwd=os.getcwd(),
    there=os.listdir("."), files=files, home={{}}, pid=os.getpid())
homes = [os.environ[name] for name in ("GEMINI_CLI_HOME", "COPILOT_HOME", "QWEN_HOME") if os.environ.get(name)]
for path in pathlib.Path(homes[0]).rglob("*") if homes else ():
    if path.is_file():
        kept["home"][str(path.relative_to(homes[0]))] = os.readlink(path) if path.is_symlink() else path.read_text()
if do["spawn"]:
    kept["child"] = subprocess.Popen(["sleep", "300"]).pid
part = here / ("part-%d" % os.getpid())
part.write_text(json.dumps(kept))
part.rename(here / "starts" / ("%d.json" % os.getpid()))
time.sleep(do["sleep"])
sys.stderr.write(do["err"])
answer = do["answer"]
if answer and "-o" in sys.argv:
    pathlib.Path(sys.argv[sys.argv.index("-o") + 1]).write_text(answer)
if do["usage"] and "--usage-output-file" in sys.argv:
    pathlib.Path(sys.argv[sys.argv.index("--usage-output-file") + 1]).write_text(do["usage"])
for _ in range(do["times"]):
    sys.stdout.write(do["out"])
sys.exit(do["code"])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a fake program does.

    It writes ``err``, then ``answer`` into the file that follows `-o`, ``usage`` into the file for
    figures, then ``out`` as many ``times``, and ends with ``code``; ``sleep`` seconds after it read its
    input. With ``spawn`` it leaves a child behind that lives for minutes.
    """

    out: str = ""
    err: str = ""
    answer: str = ""
    usage: str = ""
    code: int = 0
    sleep: float = 0.0
    times: int = 1
    spawn: bool = False


class FakeProgram:
    """A program in a folder of its own; ``environ`` is a small environment whose PATH finds it."""

    def __init__(self, folder: Path, name: str, behaviour: Behaviour) -> None:
        (folder / "starts").mkdir(parents=True)
        (folder / "behaviour.json").write_text(json.dumps(asdict(behaviour)), encoding="utf-8")
        self.path = folder / name
        source = _PROGRAM.format(python=sys.executable, folder=str(folder))
        self.path.write_text(source, encoding="utf-8")
        self.path.chmod(0o755)
        self.environ = {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder)}
        self._folder = folder

    @property
    def starts(self) -> list[dict[str, Any]]:
        """How it was started: argv, stdin, env, cwd, what lay there, the schema file, its own home, pids."""
        kept = sorted((self._folder / "starts").iterdir())
        return [json.loads(path.read_text(encoding="utf-8")) for path in kept]


def session(data: object | None, *, said: str = "", **more: Any) -> str:
    """What `claude -p --output-format json` prints (2.1.328), as much of it as is read."""
    printed: dict[str, Any] = {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "api_error_status": None,
        "num_turns": 2,
        "result": said or json.dumps(data),
        "stop_reason": "tool_use",
        "total_cost_usd": 0.00011,
        "usage": {
            "input_tokens": 900,
            "cache_creation_input_tokens": 60,
            "cache_read_input_tokens": 40,
            "output_tokens": 20,
        },
        "modelUsage": {"claude-haiku-5-5": {"inputTokens": 900, "costUSD": 0.00011}},
        **more,
    }
    if data is not None:
        printed["structured_output"] = data
    return json.dumps(printed)
