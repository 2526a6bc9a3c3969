"""Which topic names are one topic in two spellings."""

from __future__ import annotations

import pytest

from gitmem.core.topic_names import alike, is_part_of

ONE = (
    ("test", "testing"), ("tests", "testing"), ("deploy", "deployments"), ("policy", "policies"),
    ("cache", "caching"), ("logs", "logging"), ("bills", "billing"), ("release", "releases"),
    ("build-system", "system-build"), ("buildsystem", "build-system"), ("build_system", "build-system"),
    ("auth", "authentication"), ("db", "database"), ("release-notes", "releases"),
    ("the-release-process", "release-process"), ("kubernetes", "kubernetse"), ("monitoring", "monitorng"),
    ("Testing", "testing"), ("migration", "migrations"), ("planner", "planning"), ("fact", "facts"),
)  # fmt: skip
TWO = (
    ("build", "release"), ("api-v1", "api-v2"), ("http2", "http3"), ("testing", "linting"),
    ("data", "date"), ("server", "service"), ("front", "back"), ("api", "app"), ("billing", "building"),
    ("test-data", "data-model"), ("security", "secrets"), ("import", "export"), ("python-3", "python"),
)  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ONE)
def test_one_topic_in_two_spellings(one: str, other: str) -> None:
    one = one.replace("_", "-")

    assert alike(one, other)
    assert alike(other, one)


@pytest.mark.parametrize(("one", "other"), TWO)
def test_two_topics(one: str, other: str) -> None:
    assert not alike(one, other)
    assert not alike(other, one)


def test_a_part_has_the_name_of_its_topic_and_a_number() -> None:
    topics = ("build", "release-notes")

    assert is_part_of("build-2", topics) == "build"
    assert is_part_of("release-notes-14", topics) == "release-notes"
    for name in ("build", "build-two", "http-2", "build-2-x", "-2"):
        assert is_part_of(name, topics) == ""
