"""The action, the workflows, the component and the hooks of pre-commit: linted, and each step run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gitmem.bootstrap.shipped import ci
from gitmem.install.shipped_files import digest
from tests.support import runner
from tests.support.batches import Batches
from tests.support.ci_steps import ROOT, Machine, documents, steps
from tests.support.desk import Desk
from tests.support.messages_api import KEY, MessagesApi
from tests.support.runner import Runner
from tests.support.sandbox import GITMEM, PATIENCE, Result, Sandbox
from tests.support.server import Server

ACTION = "action.yml"
CHECK = "templates/ci/github/gitmem-check.yml"
DRAIN = "templates/ci/github/gitmem-drain.yml"
COMPONENT = "templates/gitmem-check/template.yml"
PAGE = "docs/forges.md"
MAIN = "templates/ci/gitlab/gitlab-ci.yml"
WORKFLOWS = (CHECK, DRAIN)
BIN = Path(sys.executable).parent
INPUTS = {
    "inputs.scope": "",
    "inputs.max-age": "",
    "inputs.max-flags": "",
    "inputs.allow-in-review": "false",
    "inputs.token": "",
    "github.token": "",
    "secrets.ANTHROPIC_API_KEY": "",
    "vars.GITMEM_BATCH": "",
    "secrets.GITMEM_TOKEN || github.token": "",
}


@pytest.fixture
def desk(server: Server) -> Desk:
    return server.clone("desk")


def machine(found: Runner) -> Machine:
    return Machine(found, sys.executable)


def tool(*words: str, cwd: Path = ROOT) -> tuple[int, str]:
    """A tool of the test group; exit code, and all it said."""
    done = subprocess.run(
        [str(BIN / words[0]), *words[1:]],
        cwd=cwd,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout + done.stderr


# ---------------------------------------------------------------- lint


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("github-actions", ACTION),
        ("github-workflows", CHECK),
        ("github-workflows", DRAIN),
        ("gitlab-ci", MAIN),
    ],
)
def test_each_file_follows_the_schema_of_its_host(schema: str, path: str) -> None:
    code, said = tool("check-jsonschema", "--builtin-schema", f"vendor.{schema}", path)

    assert code == 0, said


def test_the_job_of_the_component_follows_the_schema_too(tmp_path: Path) -> None:
    head, job = documents(COMPONENT)
    file = tmp_path / "job.json"
    text = re.sub(
        r"\$\[\[ inputs\.([\w-]+) \]\]",
        lambda m: head["spec"]["inputs"][m[1]]["default"],
        json.dumps(job),
    )
    file.write_text(text, encoding="utf-8")
    code, said = tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(file))

    assert code == 0, said
    assert "$[[" not in json.dumps(job["gitmem check"]["script"])


def test_the_drain_of_the_page_follows_the_schema_too(tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text(json.dumps(documents(PAGE)[0]), encoding="utf-8")
    code, said = tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(file))

    assert code == 0, said


def test_an_auditor_of_workflows_finds_nothing() -> None:
    code, said = tool(
        "zizmor",
        "--offline",
        "--no-config",
        "--no-progress",
        "--persona=auditor",
        ACTION,
        *WORKFLOWS,
    )

    assert code == 0, said
    assert "No findings" in said


def test_pre_commit_takes_the_manifest() -> None:
    assert tool("pre-commit", "validate-manifest", ".pre-commit-hooks.yaml") == (0, "")


# ---------------------------------------------------------------- hazards


@pytest.mark.parametrize("path", WORKFLOWS)
def test_a_workflow_starts_for_no_pull_request_with_rights_and_asks_for_the_least(
    path: str,
) -> None:
    (document,) = documents(path)
    (job,) = document["jobs"].values()
    triggers = set(document["on"])

    assert not triggers & {"pull_request_target", "workflow_run", "issue_comment", "issues"}
    assert document["permissions"] == {}
    assert "concurrency" in document
    if path == CHECK:
        assert job["permissions"] == {"contents": "read"}
    else:
        assert triggers == {"schedule", "workflow_dispatch"}
        assert job["permissions"] == {"contents": "write", "pull-requests": "write"}
        assert job["environment"] == "gitmem"
        only = "github.ref_name == github.event.repository.default_branch"
        assert job["if"].startswith(f"{only} && (")
        assert "||" not in job["if"].partition(" && (")[0]


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS])
def test_no_text_from_outside_is_put_into_a_script(path: str) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", [ACTION, *WORKFLOWS])
def test_an_action_is_pinned_to_a_commit_and_the_checkout_keeps_no_token(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    uses = re.findall(r"uses: (.*)$", text, re.MULTILINE)

    assert [use for use in uses if not re.fullmatch(r"[\w/.-]+@[0-9a-f]{40} # v[\d.]+", use)] == []
    checkouts: list[dict[str, Any]] = [
        step for step in steps(path) if "checkout" in step.get("uses", "")
    ]
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


def test_only_the_drain_has_a_key_and_only_in_its_last_step() -> None:
    assert "secrets." not in (ROOT / ACTION).read_text(encoding="utf-8")
    assert "secrets." not in (ROOT / CHECK).read_text(encoding="utf-8")
    holders = [step["name"] for step in steps(DRAIN) if "secrets." in json.dumps(step)]
    assert holders == ["Drain"]


def test_what_is_installed_is_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    for path in (*WORKFLOWS, COMPONENT, PAGE):
        named = re.findall(r"gitmem-cli==(\d\S*?)[)\s]", (ROOT / path).read_text(encoding="utf-8"))
        assert named == [version], path


def test_every_shipped_text_is_among_those_it_knows() -> None:
    shipped = ci()

    assert {digest(text) for text in [*shipped.texts.values(), shipped.hook]} <= shipped.versions


# ---------------------------------------------------------------- the steps, run


@pytest.mark.parametrize("path", [ACTION, CHECK])
def test_the_check_fails_a_pull_request_and_passes_it_when_its_flags_are_drained(
    server: Server, desk: Desk, path: str
) -> None:
    desk.sandbox.git("checkout", "--quiet", "-b", "feature")
    # What a hostile pull request may bring: modules that shadow those of an installation.
    evil = "open('../evil', 'w').close()\n"
    desk.sandbox.commit("work", dict.fromkeys(("venv.py", "pip.py", "gitmem.py", "typer.py"), evil))
    desk.flag("made on the branch")
    desk.sandbox.git("push", "--quiet", "origin", "feature")
    assert desk.sandbox.gitmem("sync").code == 0

    build = runner.pull_request(server, "feature")
    first = machine(build)
    install, failed = first.all_steps(path, INPUTS)

    assert (install.code, install.err) == (0, "")
    assert failed.code == 1, failed.err
    assert "::error" in failed.out
    assert "1 flag undrained" in failed.out
    assert first.asked[0] == str(first.temp)
    assert not (server.bare.path.parent / "evil").exists()

    assert desk.sandbox.gitmem("close", "--here").code == 0
    desk.sandbox.git("push", "--quiet", "origin", "feature")
    passed = machine(runner.pull_request(server, "feature", number=8)).all_steps(path, INPUTS)[1]
    assert (passed.code, passed.err) == (0, "")


def test_the_inputs_of_the_action_arrive(server: Server, desk: Desk) -> None:
    desk.flag("waits")
    assert desk.sandbox.gitmem("sync").code == 0
    build = machine(runner.push(server, "main"))

    inputs = {
        **INPUTS,
        "inputs.scope": "all",
        "inputs.max-flags": "1",
        "inputs.allow-in-review": "true",
    }
    assert build.all_steps(ACTION, inputs)[1].code == 0
    hostile = {**INPUTS, "inputs.max-flags": "$(touch evil); --help"}
    assert build.all_steps(ACTION, hostile)[1].code == 2
    assert "--constraint" in build.asked
    assert str(ROOT) in build.asked


def test_the_token_is_for_the_host_of_the_forge_only_and_in_no_file(server: Server) -> None:
    build = machine(runner.push(server, "main"))
    build.all_steps(ACTION, {**INPUTS, "inputs.token": "tok" + "en-of-the-job"})
    config = build.temp / "gitmem-check.gitconfig"
    env = {"GIT_CONFIG_GLOBAL": str(config), "CHECK_TOKEN": "given"}

    there = build.run(
        "printf 'protocol=https\\nhost=forge.invalid\\n\\n' | git credential fill", env
    )
    elsewhere = build.run(
        "printf 'protocol=https\\nhost=other.invalid\\n\\n' | git credential fill", env
    )

    assert "password=given" in there.out
    assert "password" not in elsewhere.out
    assert "en-of-the-job" not in config.read_text(encoding="utf-8")


def scheduled(server: Server, name: str = "pushed") -> Runner:
    """The checkout of a scheduled workflow, with all history."""
    build = runner.push(server, "main", name=name, why="schedule")
    build.sandbox.git(
        "fetch", "--quiet", "--unshallow", "origin", "+refs/heads/*:refs/remotes/origin/*"
    )
    build.sandbox.git("checkout", "--quiet", "-B", "main", "refs/remotes/origin/main")
    return build


def test_the_drain_pushes_the_review_and_leaves_the_default_branch_alone(
    server: Server, desk: Desk
) -> None:
    desk.flag("The cache is keyed by commit")
    assert desk.sandbox.gitmem("sync").code == 0
    before = server.tip("refs/heads/main")
    build = scheduled(server)

    done = machine(build).all_steps(DRAIN, INPUTS)[1]

    assert done.code == 0, done.out + done.err
    assert server.tip("refs/heads/main") == before
    assert "keyed by commit" in server.bare.git("show", "refs/heads/gitmem/drain")


def drained(server: Server, vendor: MessagesApi, name: str, *, key: str, batch: str) -> Runner:
    """The checkout of a run whose model is on loopback, and which knows these two."""
    build = scheduled(server, name)
    build.env.update({"ANTHROPIC_BASE_URL": vendor.url, "KEY": key, "BATCH": batch})
    return build


def drain(build: Runner) -> Result:
    values = {
        "secrets.ANTHROPIC_API_KEY": build.env["KEY"],
        "vars.GITMEM_BATCH": build.env["BATCH"],
    }
    return machine(build).all_steps(DRAIN, {**INPUTS, **values})[1]


def test_a_drain_by_batch_goes_on_where_the_run_before_it_was(server: Server, desk: Desk) -> None:
    """The folder of ids is all that comes along: the machine of the first run is gone by then."""
    desk.flag("The cache is keyed by commit")
    assert desk.sandbox.gitmem("sync").code == 0
    script = Batches(running=1)
    (cached,) = {step["with"]["path"] for step in steps(DRAIN) if "/cache/" in step.get("uses", "")}
    with MessagesApi(script) as vendor:
        first = drained(server, vendor, "first", key=KEY, batch="1")
        sent = drain(first)
        assert (sent.code, "::notice::a batch is being answered" in sent.out) == (0, True), sent.err
        assert server.tip("refs/heads/gitmem/drain") == ""

        second = drained(server, vendor, "second", key=KEY, batch="1")
        (second.sandbox.path / cached).parent.mkdir(parents=True, exist_ok=True)
        (first.sandbox.path / cached).rename(second.sandbox.path / cached)
        done = drain(second)

    assert done.code == 0, done.out + done.err
    assert len(script.made) == 1
    assert "keyed by commit" in server.bare.git("show", "refs/heads/gitmem/drain")


@pytest.mark.parametrize(("key", "batch"), [("", "1"), (KEY, "")])
def test_without_the_variable_or_a_key_a_drain_sends_no_batch(
    server: Server, desk: Desk, key: str, batch: str
) -> None:
    desk.flag("The cache is keyed by commit")
    assert desk.sandbox.gitmem("sync").code == 0
    script = Batches()
    with MessagesApi(script) as vendor:
        done = drain(drained(server, vendor, "one", key=key, batch=batch))

    assert done.code == 0, done.out + done.err
    assert script.stages == ["ask"] * bool(key)


def test_a_drain_that_could_not_propose_its_review_fails(server: Server, desk: Desk) -> None:
    desk.flag("The cache is keyed by commit")
    assert desk.sandbox.gitmem("sync").code == 0
    hook = server.bare.path / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        '#!/bin/sh\ncase $1 in *gitmem/drain) echo "::error::no" >&2; exit 1 ;; esac\n',
        encoding="utf-8",
    )
    hook.chmod(0o755)
    build = scheduled(server)

    done = machine(build).all_steps(DRAIN, INPUTS)[1]

    assert done.code == 5
    assert "::error::the pull request was not opened" in done.out
    assert "was not proposed: " in done.err
    assert [row for row in done.err.splitlines() if row.startswith("::")] == []


@pytest.mark.parametrize(("limit", "code"), [("", 1), ("1", 0)])
def test_the_component_checks_in_a_checkout_of_gitlab(
    server: Server, desk: Desk, limit: str, code: int
) -> None:
    desk.flag("waits")
    assert desk.sandbox.gitmem("sync").code == 0
    checkout = runner.checkout(server, "gitlab", "refs/heads/main", "refs/remotes/origin/main")
    env = {
        "GITLAB_CI": "true",
        "CI_PIPELINE_SOURCE": "push",
        "CI_COMMIT_BRANCH": "main",
        "CI_DEFAULT_BRANCH": "main",
        "TMPDIR": str(server.bare.path.parent),
    }
    build = machine(Runner(sandbox=checkout, env=env, summary=checkout.path))
    job = documents(COMPONENT)[1]["gitmem check"]
    told = {"CHECK_SCOPE": "", "CHECK_MAX_AGE": "", "CHECK_MAX_FLAGS": limit}

    done = build.run("\n".join(job["script"]), told)

    assert done.code == code, done.err
    assert any(word.startswith("gitmem-cli==") for word in build.asked)
    assert checkout.git("status", "--short") == ""


@pytest.mark.parametrize("declined", [False, True])
def test_the_drain_of_the_page_proposes_on_gitlab_or_fails(
    server: Server, desk: Desk, *, declined: bool
) -> None:
    server.bare.git("config", "receive.advertisePushOptions", "true")
    server.hook(
        "post-receive", '#!/bin/sh\nenv | grep GIT_PUSH_OPTION >>"$GIT_DIR/options"\nexit 0\n'
    )
    if declined:
        server.hook("update", "#!/bin/sh\ncase $1 in *gitmem/drain) exit 1 ;; esac\n")
    desk.flag("The cache is keyed by commit")
    assert desk.sandbox.gitmem("sync").code == 0
    build = scheduled(server)
    build.sandbox.git("checkout", "--quiet", "--detach")
    env = {
        "CI_PROJECT_URL": server.url.removesuffix(".git"),
        "CI_SERVER_URL": "https://gitlab.invalid",
        "CI_SERVER_HOST": "gitlab.invalid",
        "CI_DEFAULT_BRANCH": "main",
        "TMPDIR": str(server.bare.path.parent),
    }
    script = documents(PAGE)[0]["gitmem drain"]["script"]

    done = machine(build).run("\n".join(script), env)

    assert done.code == (5 if declined else 0), done.out + done.err
    assert bool(server.tip("refs/heads/gitmem/drain")) is not declined
    if not declined:
        options = (server.bare.path / "options").read_text(encoding="utf-8")
        assert "merge_request.target=main" in options


# ---------------------------------------------------------------- pre-commit


def test_pre_commit_checks_and_shares_at_a_push_and_lets_the_queue_through(
    server: Server, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{GITMEM.parent}{os.pathsep}{os.environ['PATH']}")
    hooks = Sandbox(tmp_path / "hooks")
    hooks.path.mkdir()
    hooks.git("init", "--quiet")
    names = (".pre-commit-hooks.yaml", "hooks/git/pre-push")
    for name in names:
        hooks.write(name, (ROOT / name).read_text(encoding="utf-8")).chmod(0o755)
    rev = hooks.commit("the hooks", {name: hooks.read(name) for name in names})
    # The command under test is installed already; pre-commit would fetch what it needs for another one.
    chosen = [{"id": "gitmem-sync"}, {"id": "gitmem-check", "language": "system"}]
    config = {"repos": [{"repo": str(hooks.path), "rev": rev, "hooks": chosen}]}
    desk.sandbox.write(".pre-commit-config.yaml", json.dumps(config))
    assert tool("pre-commit", "install", "--hook-type", "pre-push", cwd=desk.sandbox.path)[0] == 0
    desk.flag("waits")

    desk.sandbox.commit("work")
    refused = subprocess.run(
        ["git", "push", "origin", "main"],
        cwd=desk.sandbox.path,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )

    assert refused.returncode == 1
    assert "1 flag undrained" in refused.stdout + refused.stderr
    assert server.tip()  # the queue went through the same hooks
    code, said = tool(
        "pre-commit", "run", "--hook-stage", "manual", "--all-files", cwd=desk.sandbox.path
    )
    assert (code, "1 flag undrained" in said) == (1, True)
