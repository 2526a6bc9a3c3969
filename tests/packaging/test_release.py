"""`.ci/run release`: it lets a tree through that agrees with itself, and says each thing that does not."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
FILES = ("README.md", "server.json", ".claude-plugin/plugin.json", ".claude-plugin/marketplace.json",
         "docs/forges.md", "templates", "pyproject.toml")  # fmt: skip


@pytest.fixture
def release() -> ModuleType:
    """The script."""
    path = ROOT / ".ci" / "release.py"
    if not path.exists():
        pytest.skip("the wheel's tree has no build scripts (2026-11-30)")
    spec = importlib.util.spec_from_file_location("release", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What a release looks at, as it is here, with a changelog that was built."""
    for name in FILES:
        found = ROOT / name
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            shutil.copytree(found, tmp_path / name)
        elif found.exists():
            shutil.copy(found, tmp_path / name)
    (tmp_path / "docs" / "changelog").mkdir()
    log = "# Changes\n\n## 0.1.0 (2026-12-01)\n\n### Added\n\n- It works.\n"
    (tmp_path / "CHANGELOG.md").write_text(log, encoding="utf-8")
    return tmp_path


def edit(tree: Path, name: str, change: Callable[[str], str]) -> None:
    text = (tree / name).read_text(encoding="utf-8")
    assert change(text) != text
    (tree / name).write_text(change(text), encoding="utf-8")


def test_a_tree_that_agrees_with_itself_may_be_released(release: ModuleType, tree: Path) -> None:
    assert release.obstacles("v0.1.0", tree) == []
    assert release.obstacles("v0.1.0", tree, "gitmem/gitmem") == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"', "the tag is v0.1.0"),
        ("CHANGELOG.md", "## 0.1.0", "## 0.0.9", "no section for 0.1.0"),
        (
            "CHANGELOG.md",
            "## 0.1.0",
            "## 0.2.0 (2027-01-01)\n\n- New.\n\n## 0.1.0",
            "is 0.2.0, not",
        ),
        ("CHANGELOG.md", "- It works.", "", "is empty"),
        (
            "README.md",
            "uv tool install gitmem-cli",
            "uv tool install other",
            "`uv tool install git",
        ),
        ("README.md", "pipx install gitmem-cli", "pipx install it", "`pipx install gitmem-cli`"),
        (
            "server.json",
            '"version": "0.1.0"',
            '"version": "0.0.9"',
            "server.json names version 0.0.9",
        ),
        (
            "docs/forges.md",
            "gitmem-cli==0.1.0",
            "gitmem-cli==0.0.9",
            "docs/forges.md names version",
        ),
        (".claude-plugin/plugin.json", "0.1.0", "0.0.9", "plugin.json names version 0.0.9"),
        ("templates/ci/github/gitmem-drain.yml", "==0.1.0", "==0.0.9", "drain.yml names version"),
        ("templates/gitmem-check/template.yml", "==0.1.0", "==0.0.9", "template.yml names version"),
    ],
)
def test_what_disagrees_is_said(
    release: ModuleType, tree: Path, name: str, old: str, new: str, said: str
) -> None:
    edit(tree, name, lambda text: text.replace(old, new))

    assert said in "\n".join(release.obstacles("v0.1.0", tree))


def test_a_fragment_that_is_left_and_another_repository_are_said(
    release: ModuleType, tree: Path
) -> None:
    (tree / "docs/changelog/+more.added.md").write_text("More.\n", encoding="utf-8")

    said = release.obstacles("v0.1.0", tree, "somebody/fork")

    assert len(said) == 2
    assert "+more.added.md" in said[0]
    assert "another repository as its source than somebody/fork" in said[1]


def test_the_addresses_of_the_project_are_those_of_the_server_s_name() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    name = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))["name"]
    owner, repository = name.removeprefix("io.github.").split("/")

    assert urls["Source"] == f"https://github.com/{owner}/{repository}"
    assert all(url.startswith(urls["Source"]) for url in urls.values())


PROJECT = {
    "name": "gitmem-cli",
    "version": "0.1.0",
    "dependencies": ["rich>=14", "ruamel.yaml>=0.18"],
}
STEM = "gitmem_cli-0.1.0"
WHEEL, SDIST = f"{STEM}-py3-none-any.whl", f"{STEM}.tar.gz"


@pytest.fixture
def dist(release: ModuleType, tmp_path: Path) -> Path:
    """An sdist and a wheel that have what is looked for."""
    folder = tmp_path / "dist"
    folder.mkdir()
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        for name in (f"{STEM}.dist-info/licenses/LICENSE", *release._BROUGHT):
            wheel.writestr(name, "")
    with tarfile.open(folder / SDIST, "w:gz") as sdist:
        for name in ("pyproject.toml", "LICENSE"):
            sdist.addfile(tarfile.TarInfo(f"{STEM}/{name}"))
    return folder


def bill(*names: str) -> dict[str, Any]:
    """A bill of materials of gitmem-cli 0.1.0 that depends on these."""
    return {
        "metadata": {"component": {"bom-ref": "root", "name": "gitmem-cli", "version": "0.1.0"}},
        "components": [{"bom-ref": f"{one}==1", "name": one, "version": "1"} for one in names],
        "dependencies": [{"ref": "root", "dependsOn": [f"{one}==1" for one in names]}],
    }


def test_what_was_built_may_be_published(release: ModuleType, dist: Path) -> None:
    assert release.built(dist, PROJECT) == []


def test_a_file_too_many_and_a_wheel_without_its_page_are_said(
    release: ModuleType, dist: Path
) -> None:
    with zipfile.ZipFile(dist / WHEEL, "w") as wheel:
        wheel.writestr(f"{STEM}.dist-info/licenses/LICENSE", "")
    said = "\n".join(release.built(dist, PROJECT))
    (dist / "sbom.cdx.json").write_text("{}", encoding="utf-8")

    assert f"{WHEEL} lacks share/man/man1/git-mem.1" in said
    assert f"{WHEEL} lacks _data/templates/schemas/flag.json" in said
    assert (
        "has gitmem_cli-0.1.0-py3-none-any.whl, gitmem_cli-0.1.0.tar.gz, sbom"
        in (release.built(dist, PROJECT)[0])
    )


def test_the_bill_of_materials_has_what_the_project_asks_for(release: ModuleType) -> None:
    assert release.bill(bill("rich", "ruamel_yaml"), PROJECT) == []
    assert "differ in ruamel-yaml" in release.bill(bill("rich"), PROJECT)[0]
    assert "differ in pip" in release.bill(bill("rich", "ruamel.yaml", "pip"), PROJECT)[0]
    newer = {**PROJECT, "version": "0.2.0"}
    assert "is of gitmem-cli 0.1.0" in release.bill(bill("rich", "ruamel.yaml"), newer)[0]


def test_what_is_signed_names_each_file_by_its_digest(release: ModuleType, dist: Path) -> None:
    statements = release.statements(dist)

    assert [one["subject"][0]["name"] for one in statements] == [WHEEL, SDIST]
    for one in statements:
        content = (dist / one["subject"][0]["name"]).read_bytes()
        assert one["subject"][0]["digest"] == {"sha256": hashlib.sha256(content).hexdigest()}


@pytest.fixture
def workflow() -> dict[str, Any]:
    path = ROOT / ".github" / "workflows" / "release.yml"
    if not path.exists():
        pytest.skip("the wheel's tree has no workflows (2026-11-30)")
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return found


def test_a_release_is_published_without_a_password_and_after_it_is_attested(
    workflow: dict[str, Any],
) -> None:
    build, attest, publish = (workflow["jobs"][name] for name in ("build", "attest", "publish"))

    assert build["permissions"] == {"contents": "read"}
    assert attest["permissions"] == {"id-token": "write", "attestations": "write"}
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["needs"] == ["build", "attest"]
    assert publish["steps"][-1]["with"] == {"attestations": True}
    assert "secrets." not in json.dumps(workflow)
    assert {one["with"].get("sbom-path") for one in attest["steps"][1:]} == {
        None,
        "sbom/sbom.cdx.json",
    }


def test_the_workflows_call_steps_that_there_are(workflow: dict[str, Any]) -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    there = set(re.findall(r"^step_(\w+)\(\)", run, re.MULTILINE))

    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        for called in re.findall(r"\.ci/run(.*)", path.read_text(encoding="utf-8")):
            assert set(called.split()) <= there
    assert "release" in str(workflow["jobs"]["build"]["steps"])
