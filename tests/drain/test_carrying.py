"""No line goes whose content the new one does not carry: what a replacement drops, what a duplicate adds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.drain.content_loss import carries, lost_content
from tests.bench import grounding_rates as rates


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "The README of branch X must say that deleting it loses history",
            "X was renamed to Y",
        ),
        (
            "The rate limit is 30 per minute; bursts of 10 are fine",
            "The rate limit is 60 per minute",
        ),
        ("On-call is Hans this quarter; Tomasz is the backup", "Priya took over on-call from Hans"),
        ("Tests need Docker and 4 GB of memory", "Tests need Docker"),
        ("Deploy only from main", "Deploy from main"),
        ("Use Python 3.12 and Postgres 17 locally", "Local Python is 3.13 now"),
        # Of something else, not another value of the same.
        ("Server 1 runs nginx", "Server 2 runs nginx now"),
        ("job 1 runs at 01:00", "job 2 runs at 02:00"),
        ("Windows builds use MSVC", "Linux builds use MSVC now"),
        ("Never delete branch X", "Never rename branch X"),
        ("The timeout is 30 s", "The timeout of the importer was discussed in meeting 5"),
        ("Backups are kept 30 days", "Backups of the wiki take 2 days"),
        # Something beside it.
        ("`make lint` runs ruff", "`make lint` runs mypy as well now"),
        # A prohibition is not exchanged for a piece of news about the same thing.
        ("Do not use the admin account for backups", "The admin account was renamed to root"),
        ("Secrets must not be logged", "Secrets were renamed to credentials"),
        ("Secrets never go to logs", "Secrets now go to Vault"),
        ("Avoid mocks in tests", "Tests moved to spec/"),
        ("PRs must be reviewed", "PRs are now opened by bots"),
        # Small words only; and languages that nothing is known of.
        ("Do as they do", "Be as we are"),
        ("Ne jamais pousser sur main", "Pousser sur develop"),
        ("\u4e0d\u8981\u5220\u9664\u4e3b\u5206\u652f", "\u5206\u652f\u6539\u540d\u4e86"),
    ],
)
def test_what_the_old_line_says_and_the_new_one_does_not_is_found(old: str, new: str) -> None:
    assert lost_content(old, new, [new])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The API listens on 8080", "The API listens on 9090"),
        ("The session timeout is 4 hours", "Session timeout is now 8 hours"),
        ("Deploys go through Jenkins", "Deploys go through ArgoCD now"),
        ("Tom reviews migrations", "Tom left, Elif reviews migrations"),
        ("The nightly build is red", "Nightly build is green again"),
        ("The legacy importer is deprecated", "Removed the legacy importer"),
        ("The search index is rebuilt every night", "Search index rebuild is now every 6 hours"),
        ("Run make with -j1", "Run make with -j2"),
        ("Secrets are in `.env` files", "Secrets come from Vault, the `.env` files are gone"),
        ("Deploys need a tag", "Deploys need a tag and an approval"),
        ("Run `make lint` before you commit", "Run `make check` before you commit now"),
        ("The main database is MySQL 5.7", "The main database is now Postgres 16"),
        ("Redis runs on port 6379", "Redis now runs on 6380"),
        (
            "Deploy with `kubectl apply -f k8s/`",
            "Deploy with `helm upgrade app chart/` now",
        ),
        ("Assets are in s3://bucket-a", "Assets are in s3://bucket-b now"),
        ("CI uses ubuntu-22.04", "CI uses ubuntu-24.04"),
        ("The docs are public", "The docs are internal now"),
    ],
)
def test_another_value_of_the_same_takes_the_place_of_the_old_one(old: str, new: str) -> None:
    assert not lost_content(old, new, [new])


GONE = "The site is built with Hugo now; Gatsby, its preview server and the image worker are gone"


@pytest.mark.parametrize(
    "old",
    [
        "Gatsby needs Node 18 and 4 GB of memory",
        "The Gatsby preview server wants --host 0.0.0.0; without it the browser gets nothing",
        "The site is built with Gatsby 5; the config is in web/gatsby-config.js",
        "The image worker keeps 200 files; it must be restarted after an upload of more",
    ],
)
def test_what_is_said_of_a_thing_that_is_gone_may_go_with_it(old: str) -> None:
    assert not lost_content(old, GONE, [GONE])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Type checks run beside Gatsby, in `make types`", GONE),
        ("Gatsby needs Node 18; the nightly report needs Node 20", GONE),
        ("Pages are written to dist/ by Gatsby, and rsync copies them to web-2", GONE),
        # Another name, or another place, is not an end.
        ("Gatsby needs Node 18", "Gatsby was renamed to Grits"),
        ("The image worker keeps 200 files", "The image worker moved to web-2"),
        ("The image worker keeps 200 files", "The image worker is gone from the diagram"),
        ("The image worker keeps 200 files", "Not that the image worker is gone"),
    ],
)
def test_what_is_said_of_anything_else_stays(old: str, new: str) -> None:
    assert lost_content(old, new, [new])


_CARD = (
    "quayd keeps frames on its SD card for 14 days when the uplink is down, oldest dropped first"
)
_CARD_NOW = "quayd keeps frames on its SD card for 30 days when the uplink is down, now that the card has 64 GB; the oldest go first"
_CARD_FLAG = (
    "Frames are kept 30 days on quayd's SD card now that the card has 64 GB; the oldest go first"
)
_REFUNDS = "Refunds below 50 euros are made at once, above a second person confirms them"
_REFUNDS_NOW = "All refunds need a second person's confirmation, whatever the amount: the limit of 50 euros was split by three small refunds"
_OFFSET = (
    "The temperature offset of probe batch 7 is +0.14 °C, measured against the reference in the lab"
)
_OFFSET_NOW = "The temperature offset of probe batch 7 is +0.09 °C after the recheck with the Fluke 1524; the +0.14 came from the drifting reference"
_OFFSET_FLAG = "The temperature offset of batch 7 is +0.09 °C after the recheck with the Fluke 1524; the +0.14 came from the drifting reference"
_TAKEN_BACK = [
    (_CARD, _CARD_NOW, [_CARD_FLAG]),
    (_OFFSET, _OFFSET_NOW, [_OFFSET_FLAG]),
    (_REFUNDS, _REFUNDS_NOW, []),
    (
        "Uploads below 5 MB go to the database, larger ones to the bucket",
        "All uploads go to the bucket, regardless of their size",
        [],
    ),
    (
        "The queue holds 10 jobs, newest dropped first",
        "The queue holds 20 jobs now, the newest go first",
        [],
    ),
    (
        "The trip point is 80 °C, taken from the old data sheet",
        "The trip point is 75 °C; the 80 was a typo in the old data sheet",
        [],
    ),
]
_NOT_TAKEN_BACK = [
    (
        "The limit is 20 MB, enforced by nginx and logged",
        "The limit is 30 MB; the 20 was from nginx",
        [],
    ),
    (
        "backups stay 3 days, weekly encrypted first",
        "backups stay 5 days now, the weekly go first",
        [],
    ),
    (
        "Refunds below 50 euros are made at once, above a second person confirms them",
        "All refunds no longer need a second person's confirmation, whatever the amount",
        [],
    ),
    (
        "Refunds below 50 euros need a second person, above 500 euros a third",
        "All refunds need a second person, whatever the amount",
        [],
    ),
    (
        _CARD,
        "quayd keeps logs on its SD card for 30 days, now that the card has 64 GB; the oldest go first",
        [
            "Logs are kept 30 days on quayd's SD card now that the card has 64 GB; the oldest go first"
        ],
    ),
    (
        "frames stay 14 days, oldest unsent go first",
        "frames stay 30 days now, the oldest go first",
        [],
    ),
    (
        "frames stay 14 days, oldest dropped first",
        "frames stay 30 days now, the newest go first",
        [],
    ),
    ("frames stay 14 days, oldest dropped first", "frames stay 30 days now", []),
    (
        "frames stay 14 days, oldest never dropped first",
        "frames stay 30 days now, the oldest go first",
        [],
    ),
    (_OFFSET.replace("batch 7", "batch 8"), _OFFSET_NOW, [_OFFSET_FLAG]),
    (_OFFSET, "The temperature offset of probe batch 7 is +0.09 °C now", []),
    (
        _OFFSET,
        _OFFSET_NOW.replace("came from", "still holds for"),
        [_OFFSET_FLAG.replace("came from", "still holds for")],
    ),
    (_OFFSET.replace("in the lab", "in the lab; recheck it in June"), _OFFSET_NOW, [_OFFSET_FLAG]),
    (_OFFSET.replace("measured", "measured twice by Ines"), _OFFSET_NOW, [_OFFSET_FLAG]),
    (_REFUNDS, _REFUNDS_NOW.replace("All refunds", "All refunds by card"), []),
    (_REFUNDS, _REFUNDS_NOW.replace("All refunds", "All refunds above 10 euros"), []),
    (
        _REFUNDS,
        _REFUNDS_NOW.replace(", whatever the amount", ", except gift cards, whatever the amount"),
        [],
    ),
    (_REFUNDS, "All refunds are logged, whatever the amount", []),
    (
        _REFUNDS,
        "All refunds need a second person's confirmation on Fridays, whatever the amount",
        [],
    ),
    (_REFUNDS + " within 2 days", _REFUNDS_NOW, []),
    (_REFUNDS + "; a refund needs a receipt", _REFUNDS_NOW, []),
    (_REFUNDS.replace("Refunds", "Vouchers"), _REFUNDS_NOW, []),
    (
        "Uploads below 5 MB go to the database, larger ones to the bucket",
        "All uploads are scanned, regardless of their size",
        [],
    ),
    (
        "Uploads below 5 MB go to the database, larger ones to the bucket",
        "All uploads go to the bucket",
        [],
    ),
]


@pytest.mark.parametrize(("old", "new", "flags"), _TAKEN_BACK)
def test_what_a_flag_takes_back_in_other_words_goes(old: str, new: str, flags: list[str]) -> None:
    assert not lost_content(old, new, flags)


@pytest.mark.parametrize(("old", "new", "flags"), _NOT_TAKEN_BACK)
def test_what_only_looks_taken_back_stays(old: str, new: str, flags: list[str]) -> None:
    assert lost_content(old, new, flags)


def test_a_merge_may_not_exchange_anything() -> None:
    assert (
        lost_content("The API listens on 8080", "The API listens on 9090", changed=False) == "8080"
    )


def test_a_passing_mention_in_the_flag_does_not_let_a_line_go() -> None:
    old = "The README of X must say that deletion loses history"
    flag = "The README of X says much of history and deletion; X is now Y"

    assert lost_content(old, "X is now Y", [flag])


@pytest.mark.parametrize("name", rates.SETS)
def test_every_faithful_replacement_of_the_measured_sets_still_replaces(name: str) -> None:
    for case in rates.cases(name):
        if case.faithful and len(case.replaced) == 1:
            assert not lost_content(case.replaced[0], case.text, case.sources), case


@pytest.mark.parametrize(
    ("survivor", "flag"),
    [
        ("the API listens on port 8080", "API port is 8080"),
        ("Install dependencies with uv instead of pip", "use uv, not pip"),
        ("The tests need a running Docker daemon", "Tests need docker running"),
        ("Deployments happen only from the main branch", "Deploy only from main"),
        ("Never commit the .env file", "do not commit .env"),
        ("Ports below 1024 need root", "binding a port below 1024 requires root"),
        ("Tests need Docker", "For the tests you need Docker"),
        # A cause that the line gives by a colon; values beside other words, in the line's order.
        (
            "A run that was cut off starts from zero: the broker forgets its offset",
            "A run that was cut off starts from zero, because the broker forgets its offset",
        ),
        ("`npm run lint` is clean in each commit", "Run npm run lint before you commit"),
        (
            "VAT is rounded once per rate, not per line",
            "VAT is rounded once for each rate, not per line",
        ),
        # A ban and an exception in other forms.
        ("Raw SQL is an error in the linter; use the builder", "Use the builder, no raw SQL"),
        ("Never log a token", "Logging a token is forbidden"),
        ("Files have 300 lines at most, tests aside", "Files have 300 lines at most, not tests"),
        (
            "Probes that were dry for a day read 3 % low for 12 hours; such readings get flag 2",
            "A probe that was dry for a day reads 3 % low for 12 hours; flag such readings 2",
        ),
    ],
)
def test_a_paraphrase_is_a_duplicate(survivor: str, flag: str) -> None:
    assert carries(survivor, flag)


@pytest.mark.parametrize(
    ("survivor", "flag"),
    [
        ("deploy with `make ship`", "deploy with make ship after asking the release manager"),
        ("The build uses uv", "the build uses uv; never call pip directly"),
        (
            "The README must say who maintains it",
            "the README must say that deleting it loses history",
        ),
        ("Push to main after a review", "Never push to main"),
        ("Never rename branch X", "Never delete branch X"),
        ("Run the tests with make test", "run make test before you push"),
        ("The API listens on port 8080", "The API listens on port 9090"),
        ("Deploys run from main", "Deploys run only from main"),
        ("Tests run in CI", "Tests run in CI on Fridays"),
        ("The API listens on port 8080", "The API listens on port 8080 in staging"),
        ("Deploy from main", "Deploy from main after tagging"),
        ("Tests need Docker", "Tests need Docker for the database"),
        ("The cache is in Redis", "The cache is in Redis behind the proxy"),
        ("Deploys run only from main", "Deploys never run from main"),
        ("Raw SQL is fine in reports", "Raw SQL is an error in reports"),
        ("Log a token in debug mode", "Never log a token in debug mode"),
        ("Never log a token", "Log a token"),
        ("Files have 300 lines at most, tests too", "Files have 300 lines at most, not tests"),
        ("The cache is not shared; the pool is", "The pool is not shared; the cache is"),
        ("The pool has 2 workers and 5 queues", "The pool has 5 workers and 2 queues"),
    ],
)
def test_what_adds_anything_is_no_duplicate(survivor: str, flag: str) -> None:
    assert not carries(survivor, flag)


TEXT = st.text(max_size=80)


@given(TEXT, TEXT)
def test_any_text_is_judged_and_a_line_always_carries_itself(one: str, other: str) -> None:
    assert lost_content(one, one) == ""
    assert carries(one, one)
    assert isinstance(lost_content(one, other, [other]), str)
    assert isinstance(carries(one, other), bool)


@given(st.sampled_from(["Deploys go through Jenkins", "Do as they do", "Port 1"]))
def test_nothing_is_carried_by_nothing(old: str) -> None:
    assert lost_content(old, "")
