from __future__ import annotations

import pytest

from gitmem.drain.faithful import findings, refuses
from gitmem.grounding.losses import losses, lost_in, share

LEFT_OUT = [
    ("only admins can delete a tenant", "admins can delete a tenant"),
    ("if the disk is full the worker retries forever", "the worker retries forever"),
    ("the suite passed once", "the suite passed"),
    ("the request timeout is 30 ms", "the request timeout is 30"),
    ("the proxy takes ports 8000 to 8010", "the proxy takes ports 8000 and 8010"),
    ("Tom wanted to remove the lock", "Tom to remove the lock"),
    ("according to the wiki the cache is shared", "the cache is shared"),
    ("delete build/cache/tmp when it hangs", "delete build when a build hangs"),
    ("delete build/cache/tmp when it hangs", "delete build/ when a build hangs"),
    ("remove build/tmp first", "remove build/* first"),
]


@pytest.mark.parametrize(("flag", "line"), LEFT_OUT)
def test_a_line_that_says_more_by_leaving_something_out_is_refused(flag: str, line: str) -> None:
    refusing, _ = findings(line, [flag], [])

    assert refusing
    assert all(refuses(finding.rule) for finding in refusing)


@pytest.mark.parametrize(
    ("flag", "line"),
    [
        ("the request timeout is 30 ms", "The timeout of a request is 30 ms."),
        ("only admins can delete a tenant", "Deleting a tenant is solely for admins."),
        ("Just a note: port 80 is open", "Port 80 is open."),
        ("the proxy takes ports 8000 to 8010", "The proxy takes ports 8000-8010."),
    ],
)
def test_what_has_to_stay_may_stay_in_other_words(flag: str, line: str) -> None:
    assert losses(line, [flag]) == []


def test_a_merge_that_drops_a_value_of_one_flag_is_refused() -> None:
    flags = ["job 1 runs at 03:00", "job 2 runs at 04:00"]

    assert losses("job 1 runs at 03:00", flags)
    assert losses("job 1 runs at 03:00 and job 2 at 04:00", flags) == []


def test_a_merge_that_drops_most_of_what_a_flag_speaks_of_is_refused() -> None:
    flags = ["the importer skips empty rows", "the exporter compresses archives"]

    assert losses("the importer skips empty rows", flags)


def test_what_a_line_lacks_is_named_and_how_much_it_has_is_counted() -> None:
    assert lost_in("the API listens on port 8080", "the API listens") == "8080"
    assert lost_in("the API listens on port 8080", "port 8080 is where the API listens") == ""
    assert share("the build uses uv", "the API listens on port 8080") == 0
    assert share("the build uses uv", "uv is what the build uses") == 1
    assert share("", "anything") == 1
