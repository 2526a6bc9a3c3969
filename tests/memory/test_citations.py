"""What a memory line cites, and what only looks as if it did: a table of lines as people write them."""

from __future__ import annotations

import pytest

from gitmem.memory.citations import Cites, citations
from gitmem.trace.repository_tree import RepositoryTree, tree_of

MAKEFILE = ".PHONY: lint test\nlint: deps\n\tdo lint\ntest:\n\tdo test\nVERSION := 3\n"
PACKAGE = '{"scripts": {"build:web": "vite build", "test": "vitest"}, "dependencies": {"x": "1"}}'
PROJECT = '[project.scripts]\nserve = "app.main:run"\n'
PATHS = """
Makefile web/package.json pyproject.toml src/app/main.py src/app/db/pool.py docs/setup.md
scripts/release.sh tests/test_main.py config/ci.yml memory/ci.md
"""
HERE = tree_of(
    PATHS.split(), {"Makefile": MAKEFILE, "web/package.json": PACKAGE, "pyproject.toml": PROJECT}
)

#: Cited, not there, and nothing speaks for another reading: to be listed even where it never was.
GONE = [
    ("Run scripts/deploy.sh before a release", "scripts/deploy.sh"),
    ("The pool is configured in `src/app/db/settings.py`", "src/app/db/settings.py"),
    ("See [the guide](docs/guide.md) for the ports", "docs/guide.md"),
    ("The retry is at src/app/retry.py:40, do not copy it", "src/app/retry.py"),
    ("pytest needs `--config=config/local.yml` here", "config/local.yml"),
    ("`tests/test_pool.py::test_limits` is slow on CI", "tests/test_pool.py"),
    ("Before a commit run make style", "style"),
    ("Use `make docs -j4 FAST=1` for the manual", "docs"),
    ("`npm run build:app` has to run in web/", "build:app"),
    ("CI calls `yarn run e2e && make lint`", "e2e"),
    ("The parser was rewritten in commit 3f2c1ab9", "3f2c1ab9"),
    ("Since `a1b2c3d4e5` the cache is per commit", "a1b2c3d4e5"),
]

#: Nothing to list: it is there, or it is something else than a part of this repository.
QUIET = [
    "The build cache is keyed by the lock file, not by the branch",
    "The entry point is src/app/main.py; `app/db/pool.py` opens the connections",
    "Everything under `src/app/` is typed, and docs/ is not",
    "`./scripts/release.sh --dry-run` shows the version",
    "Run make lint and `make -C . test` before a push",
    "`cd web && npm run build:web && npm test` makes the pages",
    "`uv run serve --port 80` starts it; `uv run pytest -q` runs the tests",
    "See https://example.com/docs/guide.md#ports for the ports",
    "The issue is at https://github.com/owner/repo/blob/main/src/gone.py",
    "Clone git@github.com:owner/repo/gone.git first",
    "The proxy is configured in /etc/nginx/conf.d/site.conf on the host",
    "Credentials are in ~/.config/tool/auth.json and $HOME/.netrc",
    "Windows keeps it in C:\\Users\\name\\file.txt or %APPDATA%/tool/x.json",
    "Every `src/**/*.py` and docs/*.md is linted; so is tests/test_*.py",
    "Name migrations by date, e.g. `migrations/2024_05_01_users.sql`",
    "Plugins live in their own folder, for example plugins/slack/main.py",
    "Use a path like path/to/file.py, never an absolute one",
    "Templates go to templates/<name>/index.html and {name}/x.py",
    "Reading and/or writing 24/7 with client/server over TCP/IP is fine",
    "The ratio of read/write is 3/4 on CI/CD, as of 2024/05/01",
    "Rebase onto origin/main; feature/login is merged on Friday",
    "The image is owner/app:1.2, the content type application/json",
    "Import lodash/fp.js instead of the whole package",
    "Install @scope/pkg, and pin actions/checkout@v4",
    "node_modules/left-pad/index.js is patched at install",
    "The coverage report is written to reports/index.html",
    "A build puts dist/app.js beside it",
    "src/app/legacy.py was removed in May, main.py has its code",
    "There is no docs/index.md; start with docs/setup.md",
    "Use scripts/release.sh, not scripts/publish.sh",
    "Use `make lint` instead of `make style`",
    "The values are in charts/prod/values.yaml of the ops repository",
    "Make sure that tests make sense, and make it fast",
    "They make use of a cache, which makes tests quick",
    "npm install and yarn add x need the network",
    "The default port is 5433 and the timeout 30000 ms",
    "The colour of links is #a1b2c3d4, of buttons #00ff00",
    "The checksum since the fix is 3f2c1ab9d0",
    "The sha256 digest of commit objects starts with 0a1b2c3d",
    "Order 1234567 landed in the wrong account",
    "The incident 8c1f2e3a-aaaa-4bbb-8ccc-1234567890ab was since fixed",
    "Node.js/Express.js and Vue/Nuxt are not used here",
    "setup.py is what old tools look for; we only have pyproject.toml",
    "The package.json of the server needs type: module",
    "GET /api/users/list.json answers 304",
    "Values above 1.5/2.0 are refused by v1/v2",
]

#: Written after the rules, and run once before they were touched again: of QUIET_LATER none was listed,
#: of GONE_LATER two were not (they are now).
GONE_LATER = [
    ("The auth middleware is in src/app/auth/jwt.py and must run first", "src/app/auth/jwt.py"),
    ("Before pushing, run `make typecheck`", "typecheck"),
    ("CI config is .github/workflows/build.yml", ".github/workflows/build.yml"),
    ("`pnpm run storybook` starts the component explorer", "storybook"),
    ("the regression was introduced by commit 9fceb02d", "9fceb02d"),
    ("Secrets are loaded by `src/app/vault.py`, at import", "src/app/vault.py"),
    ("The seed data is tests/fixtures/users.json", "tests/fixtures/users.json"),
    ("Benchmarks: `python bench/run.py --rounds 5`", "bench/run.py"),
]

QUIET_LATER = [
    "Postgres 15 is required; 14 fails on MERGE in db/migrate step 3",
    "The team prefers small PRs (under 300 lines) and squash merges",
    "Set DATABASE_URL=postgres://localhost/app before running anything",
    "Log lines look like app/worker[web.1]: started",
    "JSON responses use snake_case; see RFC 8259 section 4/5",
    "docker compose up db redis must be running for the tests",
    "The staging deploy reads helm/values-staging.yaml from the infra repo",
    "Prefer pathlib over os.path; see PEP 428",
    "Use `git rebase -i main` before asking for review",
    "Timestamps are UTC, formatted 2024-05-01T10:00:00Z",
    "The flaky test is in TestPool::test_limits, retry it twice",
    "React Query's cache key is ['users', id], not /users/:id",
    "CORS is only allowed for app.example.com/dashboard",
    "pandas/numpy versions must match; see the lock file",
    "cargo build needs OpenSSL headers, apt install libssl-dev",
    "The CSS lives next to each component (Button.tsx/Button.module.css)",
    "i18n strings are keyed like checkout/summary.title",
    "Kafka topic names are team/service.event.v1",
    "S3 keys look like uploads/2024/avatar.png",
    "We use pnpm, never npm or yarn",
    "The CLI prints its config with `tool config show`",
    "Python 3.11/3.12 are both supported",
    "TLS certs are in certs/server.pem on each box",
    "Feature flags are in LaunchDarkly under web/checkout",
    "The Terraform state is in gcs://bucket/state/prod.tfstate",
    "protobufs are compiled to gen/go/user.pb.go by buf",
    "Do not edit src/app/generated/client.py by hand, it is generated by make",
    "If docs/local.md exists, it overrides the defaults",
    "make is GNU make 4; BSD make does not work",
    "Ask before you make changes to config/ci.yml",
    "A migration that adds an index must be CONCURRENTLY, in its own file",
    "See ADR 7 for why we make lint a separate job",
]


def listed(line: str, here: RepositoryTree) -> list[str]:
    """What would be listed of a line in a repository without any history."""
    return [
        cited.name
        for cited in citations(line)
        if cited.plain and not (cited.kind is not Cites.COMMIT and here.has(cited, beside="memory"))
    ]


@pytest.mark.parametrize(("line", "name"), GONE + GONE_LATER)
def test_what_is_cited_and_not_there_is_listed(line: str, name: str) -> None:
    assert listed(line, HERE) == [name]


@pytest.mark.parametrize("line", QUIET + QUIET_LATER)
def test_what_is_there_or_means_something_else_is_not_listed(line: str) -> None:
    assert listed(line, HERE) == []
