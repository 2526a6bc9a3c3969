"""47 lessons as an agent writes them down after a hard afternoon: a headline, and what happened in Markdown.

Their lengths follow what was measured on real ones: 31 of 47 have more than 1,000 characters, half of them
more than 1,250. The services and their troubles are made up. Each body has a name that no other has.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A headline, its body, the topic that it is about, and a word that only this body has."""

    headline: str
    body: str
    topic: str
    word: str

    @property
    def size(self) -> int:
        """Characters of it all, which one line would have had to hold."""
        return len(self.headline) + 1 + len(self.body)


# What went wrong: {name} is the component of the lesson, {n} a number of its own.
_HAPPENED = (
    """The job `{name}` failed in CI and passed on every laptop. The runner has {n} cores, so the two workers start
within the same millisecond, and both take the first free port. Nothing in the log says so: the second one prints
`listening` before it binds, and the health check asks the first.""",
    """We lost an afternoon to `{name}`. Its configuration is read twice: once at import, from the environment of the
build, and once at start, from the environment of the pod. Whoever changes a value has to change it in both places, or
the process starts with {n} of the old ones and no warning.""",
    """After the upgrade, `{name}` answered {n} % of its requests with an empty list. The new client does not raise when
the page token has expired; it returns what it has. The old one raised, and our retry hid that for two years.""",
    """`{name}` 在升级之后不再读取 `settings.toml`,而是读取环境变量。日志里没有任何提示,
只有在第 {n} 次重启之后才会报错。解决办法:把两个文件合并,并在启动时打印所用的来源。""",
    """A restore of `{name}` took {n} minutes instead of four. The dump has no statistics, so the first queries after it
scan whole tables until the nightly `ANALYZE`. Whoever restores by hand has to run it by hand, too.""",
    """Reviewers kept asking why `{name}` does not use the shared cache. It did until spring: one tenant's key was a
prefix of another's, and the eviction by prefix took {n} entries of both. The cache is keyed by digest now, but only
in the library from 3.0 on, and this service is on 2.9.""",
)
_FENCES = (
    """```sh
# what reproduces it, in under a minute
for i in $(seq {n}); do
    make {name} WORKERS=2 || break
done
```""",
    """```python
@retry(attempts={n}, on=ConnectionError)  # not TimeoutError: that one means that it was done
def fetch(page: str | None = None) -> list[Row]:
    rows = client.list("{name}", page=page)
    if not rows and page:
        raise Expired(page)  # an empty page behind a token is an expired token
    return rows
```""",
    """```yaml
{name}:
  replicas: {n}
  env:
    - name: SOURCE   # printed at start since 2.4
      value: "environment"
  probes: {{ path: "/health", needs: [] }}
```""",
    """~~~make
{name}: build/{name}.stamp
{TAB}@test -s $< || {{ echo "empty stamp"; exit {n}; }}
{TAB}$(RUN) --once $@
~~~""",
    """```html
<!-- the page that the probe for {name} gets when the pool is cold -->
<body data-state="{n}"><script>location.reload()</script></body>
```""",
)
_LISTS = (
    """What to look at first:

1. the port in `/proc/net/tcp`, before anything is restarted
2. the age of the lock file: older than {n} seconds means that its owner is gone
   - `fuser -v {name}.lock` names the owner, if there is one
   - a lock on NFS has none, and waits for ever
3. only then the log, which is written by the *second* process""",
    """- [x] the alert on `{name}` has a runbook
- [x] the dashboard shows p99, not the mean; with {n} requests a minute the mean hides the slow ones
- [ ] nobody has tried the fallback since the move
  ```sh
  kubectl scale deploy/{name} --replicas=0
  ```""",
    """* Never delete the queue of `{name}` to "start fresh": the consumer acknowledges late, and {n} jobs are lost.
* Do not raise the timeout. It was raised three times, and each time the next service in line failed instead.
* If it has to be tonight, turn the flag `slow-path` on. It costs {n} ms a request and nothing else.""",
)
_TABLES = (
    """| setting of {name} | before | now  | why                         |
|-------------------|-------:|-----:|-----------------------------|
| pool size         |      4 |  {n} | one for each worker         |
| connect timeout   |   30 s |  2 s | the probe gives up after 3  |
| idle              |   none | 60 s | the proxy cuts at 75        |""",
    """| 症状 ({name}) | 原因 | 対処 |
|------|------|------|
| 起動が遅い | キャッシュが空 | `make warm` を先に実行する |
| 件数が {n} を超える | ページが切れている | トークンを更新する |""",
)
_SECTIONS = (
    """## Why it was not seen before

The staging cluster has one node, and on one node the order is always the same. It needs {n} nodes, or a slow disk.

## What we do now

`{name}` takes its port from the supervisor, and refuses to start without one.""",
    """Root cause
----------

The two teams meant different things by "{name}": for us it is the service, for them the table with {n} columns that
it writes. > 90 % of the confusion was that. The document in the wiki has both words now.""",
    """> "It is always the pool."
>
> (the on-call of week {n}, about `{name}`, and right again)""",
    """### Not the reason

We blamed the garbage collector of `{name}` for a week, because the pauses of {n} ms were so visible. They were there
before, too; the graph had another scale. See the post-mortem, and [the ticket](https://tracker.example/{name}-{n}).""",
)
_CLOSING = (
    """Measured on the {n}th of the month with `hey -z 30s`: 41 ms before, 9 ms after. If `{name}` ever goes back above
20 ms, look here first.""",
    """Ask the platform team before `{name}` moves to another region; they keep {n} addresses on an allow list by hand.""",
    """The test for this is `tests/{name}/test_order_{n}.py`. It is slow, and it is the only one that fails without the fix.""",
)
_HEADLINES = (
    ("ci", "two workers may take one port", "when both start in the same millisecond"),
    ("config", "settings are read twice", "at import and at start"),
    ("clients", "an empty page may be an expired token", "not the end of the list"),
    ("config", "设置来自环境变量", "而不是文件"),
    ("database", "a restore has no statistics", "until ANALYZE has run"),
    (
        "caching",
        "keys that share a prefix are evicted together",
        "below version 3.0 of the library",
    ),
)
_NAMES = [
    "alder",
    "aspen",
    "balsa",
    "banyan",
    "baobab",
    "birch",
    "bonsai",
    "briar",
    "cedar",
    "cherry",
    "clover",
    "cypress",
    "elder",
    "fennel",
    "fescue",
    "filbert",
    "ginkgo",
    "hazel",
    "heather",
    "hemlock",
    "hickory",
    "holly",
    "juniper",
    "larch",
    "laurel",
    "linden",
    "lotus",
    "mallow",
    "maple",
    "myrtle",
    "nettle",
    "oleander",
    "olive",
    "poplar",
    "quince",
    "rowan",
    "rushes",
    "saffron",
    "sedge",
    "sorrel",
    "spruce",
    "sumac",
    "tamarack",
    "tansy",
    "thistle",
    "willow",
    "yarrow",
]
# How many parts a lesson has: as long, and as many of each length, as the real ones.
_SHORT, _MIDDLE, _LONG, _LONGEST = 1, 3, 5, 8
_SHAPES = [_SHORT] * 9 + [_MIDDLE] * 8 + [_LONG] * 20 + [_LONGEST] * 10


def lessons() -> list[Lesson]:
    """Return the 47 lessons, always the same."""
    return [_lesson(number, name) for number, name in enumerate(_NAMES)]


def _lesson(number: int, name: str) -> Lesson:
    topic, what, when = _HEADLINES[number % len(_HEADLINES)]
    shape = _SHAPES[(number * 7) % len(_SHAPES)]
    pools = (_HAPPENED, _FENCES, _SECTIONS, _LISTS, _TABLES, _HAPPENED, _SECTIONS, _CLOSING)
    parts = [pool[(number + at) % len(pool)] for at, pool in enumerate(pools[:shape])]
    if shape > _SHORT:
        parts[-1:] = [*parts[-1:], _CLOSING[number % len(_CLOSING)]]
    body = "\n\n".join(parts).replace("{TAB}", "\t")
    body = body.replace("{n}", str(number + 11)).replace("{name}", name)
    return Lesson(
        headline=f"In {name}, {what} ({when})",
        body=body.replace("{{", "{").replace("}}", "}"),
        topic=topic,
        word=name,
    )
