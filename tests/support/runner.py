"""A checkout as a build machine makes it: depth 1, detached, one ref, nothing else (actions/checkout)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.sandbox import Result, Sandbox
from tests.support.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A checkout, and the variables of the build it stands for."""

    sandbox: Sandbox
    env: dict[str, str]
    summary: Path

    def check(self, *options: str) -> Result:
        """`gitmem check` as a step of the build."""
        return self.sandbox.gitmem("check", *options, env=dict(self.env))

    def answer(self, *options: str) -> tuple[int, Any]:
        """The same as exit code and JSON."""
        done = self.check("--json", *options)
        return done.code, json.loads(done.out)


def checkout(server: Server, name: str, ref: str, local: str) -> Sandbox:
    """One commit of the server's ``ref``, detached, known here as ``local``."""
    sandbox = Sandbox(server.bare.path.with_name(name))
    sandbox.path.mkdir()
    sandbox.git("init", "--quiet")
    sandbox.git("remote", "add", "origin", server.url)
    sandbox.git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", f"+{ref}:{local}")
    sandbox.git("checkout", "--quiet", "--detach", local)
    return sandbox


def event(sandbox: Sandbox, payload: dict[str, Any], **variables: str) -> Runner:
    """A build of GitHub's in a checkout; the event's payload goes into a file beside it."""
    file = sandbox.path.with_name(sandbox.path.name + ".event.json")
    repository = {"default_branch": "main", "full_name": "owner/project"}
    file.write_text(json.dumps({"repository": repository, **payload}), encoding="utf-8")
    summary = file.with_suffix(".summary.md")
    env = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_STEP_SUMMARY": str(summary),
        **variables,
    }
    return Runner(sandbox=sandbox, env=env, summary=summary)


def pull_request(server: Server, branch: str, *, number: int = 7, fork: bool = False) -> Runner:
    """The build of a pull request of ``branch`` to main: its merge commit is all there is."""
    bare = server.bare
    tree = bare.git("merge-tree", "--write-tree", "main", branch)
    merged = bare.git(
        "-c", "user.name=x", "-c", "user.email=x@y",
        "commit-tree", tree, "-p", "main", "-p", branch, "-m", "merge",
    )  # fmt: skip
    merge = f"refs/pull/{number}/merge"
    bare.git("update-ref", merge, merged)
    bare.git("update-ref", f"refs/pull/{number}/head", branch)
    count = len(list(bare.path.parent.iterdir()))
    sandbox = checkout(server, f"runner{count}", merge, f"refs/remotes/pull/{number}/merge")
    head = {"repo": {"full_name": "somebody/project" if fork else "owner/project"}}
    request = {"head": head, "base": {"repo": {"full_name": "owner/project"}}}
    return event(
        sandbox,
        {"pull_request": request},
        GITHUB_EVENT_NAME="pull_request",
        GITHUB_HEAD_REF=branch,
        GITHUB_BASE_REF="main",
    )


def merge_group(server: Server, number: int = 7) -> Runner:
    """The build of a merge group for a pull request that `pull_request` has made."""
    merged = server.tip(f"refs/pull/{number}/merge")
    ref = f"refs/heads/gh-readonly-queue/main/pr-{number}-{merged}"
    server.bare.git("update-ref", ref, merged)
    sandbox = checkout(server, "group", ref, "refs/remotes/origin/group")
    group = {"base_ref": "refs/heads/main", "head_ref": ref}
    return event(sandbox, {"merge_group": group}, GITHUB_EVENT_NAME="merge_group", GITHUB_REF=ref)


def push(server: Server, branch: str, *, name: str = "pushed", why: str = "push") -> Runner:
    """The build of a pushed branch, or (``why`` schedule) of a timer on it."""
    sandbox = checkout(server, name, f"refs/heads/{branch}", f"refs/remotes/origin/{branch}")
    return event(
        sandbox,
        {},
        GITHUB_EVENT_NAME=why,
        GITHUB_REF_NAME=branch,
        GITHUB_REF_TYPE="branch",
    )
