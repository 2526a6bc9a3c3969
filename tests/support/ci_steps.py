"""Shipped CI files, their steps run as the build machine would run them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.runner import Runner
from tests.support.sandbox import GITMEM, PATIENCE, Result, changed_environment

ROOT = Path(__file__).parents[2]

# A `python3` for which making an environment means putting a link to the command under test there,
# and whose pip writes down what it was asked for. Everything else the real one does.
_PYTHON = """#!/bin/sh
for last in "$@"; do :; done
case "$*" in
"-I -m venv "*)
    mkdir -p "$last/bin"
    ln -sf "{gitmem}" "$last/bin/gitmem"
    cp "$0" "$last/bin/python"
    ;;
*" install "*)
    printf '%s\\n' "$PWD" "$@" >"{asked}" ;;
*)
    exec "{python}" "$@" ;;
esac
"""


def documents(path: str) -> list[Any]:
    """The YAML documents of a file of the tree; of a page, those of its YAML blocks."""
    text = (ROOT / path).read_text(encoding="utf-8")
    texts = (
        re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        if path.endswith(".md")
        else [text]
    )
    return [found for one in texts for found in YAML(typ="safe", pure=True).load_all(one)]


def steps(path: str) -> list[dict[str, Any]]:
    """The steps of a composite action, or of a workflow's only job."""
    (document,) = documents(path)
    if "runs" in document:
        found = document["runs"]["steps"]
    else:
        (job,) = document["jobs"].values()
        found = job["steps"]
    return list(found)


class Machine:
    """A build machine with a checkout: ``asked`` is what pip was asked for, its folder first."""

    def __init__(self, runner: Runner, python: str) -> None:
        self._runner = runner
        self.temp = runner.sandbox.path.with_name(runner.sandbox.path.name + ".temp")
        self.temp.mkdir()
        programs = self.temp / "programs"
        programs.mkdir()
        shim = _PYTHON.format(gitmem=GITMEM, asked=self.temp / "asked", python=python)
        (programs / "python3").write_text(shim, encoding="utf-8")
        (programs / "python3").chmod(0o755)
        self._env: dict[str, str] = {
            **runner.env,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_WORKSPACE": str(runner.sandbox.path),
            "GITHUB_SERVER_URL": "https://forge.invalid",
            "GITHUB_ACTION_PATH": str(ROOT),
            "CI_PROJECT_DIR": str(runner.sandbox.path),
        }

    @property
    def asked(self) -> list[str]:
        return (self.temp / "asked").read_text(encoding="utf-8").splitlines()

    def run(self, script: str, variables: Mapping[str, str] | None = None) -> Result:
        """One script in the checkout, by bash as GitHub's runner starts it."""
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self._runner.sandbox.path,
            env=changed_environment({**self._env, **(variables or {})}),
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        return Result(code=done.returncode, out=done.stdout, err=done.stderr)

    def all_steps(self, path: str, values: Mapping[str, str]) -> list[Result]:
        """Every `run` step of a file in order; ``values`` are those of its expressions."""
        results = []
        for step in steps(path):
            if "run" in step:
                told = {
                    name: self._value(str(text), values)
                    for name, text in step.get("env", {}).items()
                }
                results.append(self.run(step["run"], told))
        return results

    def _value(self, text: str, values: Mapping[str, str]) -> str:
        for name, value in {"runner.temp": str(self.temp), **values}.items():
            text = text.replace("${{ " + name + " }}", value)
        assert "${{" not in text, text
        return text
