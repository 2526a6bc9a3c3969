"""Refuse a release that is not ready, and what was built for one: `.ci/run release` calls it.

release.py ready TAG         tag, version, changelog, README and the files beside them agree
release.py built DIST OUT    DIST has the sdist and the wheel and nothing else, the bill of materials
                             OUT/sbom.cdx.json is the wheel's; writes OUT/statements.jsonl
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

_NAMED = 3  # fragments in a message


def obstacles(tag: str, root: Path, repository: str = "") -> list[str]:
    """What stands in the way of releasing ``tag`` of the tree at ``root``; empty when nothing does.

    ``repository`` is the owner/name that publishes it, where that is known.
    """
    project = tomllib.loads(_read(root, "pyproject.toml"))["project"]
    version = project["version"]
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag} and the version in pyproject.toml is {version}")
    left = sorted(path.name for path in (root / "docs/changelog").glob("*.*.md"))
    if left:
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        found.append(f"fragments are left: {', '.join(left[:_NAMED])}{more} (run towncrier build)")
    found += _changelog(_read(root, "CHANGELOG.md"), version)
    found += _readme(_read(root, project["readme"]), project["name"])
    found += _pinned(root, project["name"], version)
    if repository and not project.get("urls", {}).get("Source", "").endswith(f"/{repository}"):
        found.append(f"pyproject.toml names another repository as its source than {repository}")
    return found


def _changelog(text: str, version: str) -> list[str]:
    sections = re.findall(r"^## (\S+) \(", text, re.MULTILINE)
    if version not in sections:
        return [f"CHANGELOG.md has no section for {version}"]
    if sections[0] != version:
        return [f"the newest section of CHANGELOG.md is {sections[0]}, not {version}"]
    section = text.partition(f"\n## {version} (")[2].partition("\n## ")[0]
    return [] if "\n- " in section else [f"the section for {version} in CHANGELOG.md is empty"]


def _readme(text: str, name: str) -> list[str]:
    missing = [way for way in ("uv tool install", "pipx install") if f"{way} {name}" not in text]
    return [f"README.md does not say `{way} {name}`" for way in missing]


def _pinned(root: Path, name: str, version: str) -> list[str]:
    """Every other file that names the version names this one."""
    server: dict[str, Any] = json.loads(_read(root, "server.json"))
    named = {"server.json": {server["version"], *[one["version"] for one in server["packages"]]}}
    for path in (".claude-plugin/plugin.json", ".claude-plugin/marketplace.json"):
        named[path] = set(re.findall(r'"version": "([^"]+)"', _read(root, path)))
    pages = ["README.md", "docs/forges.md", *_below(root, "templates/ci/**/*.yml")]
    for path in (*pages, "templates/gitmem-check/template.yml"):
        named[path] = set(re.findall(rf"\b{name}==([\w.+!-]*\d)", _read(root, path)))
    return [
        f"{path} names version {', '.join(sorted(versions - {version}))}"
        for path, versions in named.items()
        if versions - {version}
    ]


def _below(root: Path, pattern: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in sorted(root.glob(pattern))]


def _read(root: Path, path: str) -> str:
    return (root / path).read_text(encoding="utf-8")


def built(dist: Path, project: dict[str, Any]) -> list[str]:
    """What is wrong with the files that would be published; empty when nothing is."""
    name, version = project["name"].replace("-", "_"), project["version"]
    sdist, wheel = f"{name}-{version}.tar.gz", f"{name}-{version}-py3-none-any.whl"
    there = sorted(path.name for path in dist.iterdir())
    if there != sorted((sdist, wheel)):
        return [f"{dist} has {', '.join(there) or 'nothing'}, and not just {sdist} and {wheel}"]
    with tarfile.open(dist / sdist) as archive:
        packed = archive.getnames()
    with zipfile.ZipFile(dist / wheel) as unpacked:
        files = unpacked.namelist()
    wanted = {
        sdist: (packed, (f"{name}-{version}/pyproject.toml", f"{name}-{version}/LICENSE")),
        wheel: (files, (f"{name}-{version}.dist-info/licenses/LICENSE", *_BROUGHT)),
    }
    return [
        f"{archive} lacks {part}"
        for archive, (names, parts) in wanted.items()
        for part in parts
        if not any(one == part or one.endswith(f"/{part}") for one in names)
    ]


#: What a wheel brings beside its modules.
_BROUGHT = (
    "share/man/man1/git-mem.1",
    "_data/templates/schemas/flag.json",
    "_data/hooks/claude-code/hooks.json",
    "gitmem/py.typed",
)


def bill(sbom: dict[str, Any], project: dict[str, Any]) -> list[str]:
    """What is wrong with a bill of materials (CycloneDX); empty when nothing is."""
    about = sbom.get("metadata", {}).get("component", {})
    found = []
    if (about.get("name"), about.get("version")) != (project["name"], project["version"]):
        found.append(f"the bill of materials is of {about.get('name')} {about.get('version')}")
    known = {one["bom-ref"]: _plain(one["name"]) for one in sbom.get("components", ())}
    edges = {one["ref"]: one.get("dependsOn", ()) for one in sbom.get("dependencies", ())}
    direct = {known.get(ref) for ref in edges.get(about.get("bom-ref"), ())}
    asked = {_plain(re.split(r"[\[<>=!~; ]", one)[0]) for one in project["dependencies"]}
    if direct != asked:
        differ = sorted(map(str, direct ^ asked))
        found.append(f"the bill of materials and pyproject.toml differ in {', '.join(differ)}")
    unversioned = [one["name"] for one in sbom.get("components", ()) if not one.get("version")]
    return found + [f"the bill of materials has no version of {name}" for name in unversioned]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def statements(dist: Path) -> list[dict[str, Any]]:
    """What is signed for each file when it is published: in-toto statements, without the predicate of PEP 740.

    The publisher adds that, and the signature needs the identity of the workflow's run.
    """
    return [
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                {
                    "name": path.name,
                    "digest": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
                }
            ],
        }
        for path in sorted(dist.iterdir())
    ]


def _examine(dist: Path, out: Path) -> list[str]:
    project = tomllib.loads(_read(Path(), "pyproject.toml"))["project"]
    found = built(dist, project) + bill(json.loads(_read(out, "sbom.cdx.json")), project)
    lines = [json.dumps(one) for one in statements(dist)]
    (out / "statements.jsonl").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return found


if __name__ == "__main__":
    if sys.argv[1] == "ready":
        reasons = obstacles(sys.argv[2], Path(), os.environ.get("GITHUB_REPOSITORY", ""))
    else:
        reasons = _examine(Path(sys.argv[2]), Path(sys.argv[3]))
    for reason in reasons:
        print(reason)
    sys.exit(1 if reasons else 0)
