"""Each kind of rewording, told rightly and told wrongly: what a close accepts, and what it refuses."""

from __future__ import annotations

import pytest

from evals.grounding.measure import accepted, cases
from gitmem.drain.faithful import findings

# (kind, flags, replaced lines, the line told rightly, the line told wrongly)
TOLD = [
    (
        "contrast without a comma",
        ["build with bazel not make"],
        [],
        "Build with bazel, not make.",
        "Build with make, not bazel.",
    ),
    (
        "no longer",
        ["we don't ship the 32-bit wheel any more"],
        [],
        "We no longer ship the 32-bit wheel.",
        "We still ship the 32-bit wheel.",
    ),
    (
        "otherwise",
        ["warm the cache before the demo, otherwise the first page takes 9 s"],
        [],
        "Warm the cache before the demo; otherwise the first page takes 9 s.",
        "Warm the cache before the demo, then the first page takes 9 s.",
    ),
    (
        "units",
        ["the mixer allows 30 req/min"],
        [],
        "The mixer allows 30 requests per minute.",
        "The mixer allows 30 requests per second.",
    ),
    (
        "abbreviations",
        ["the solver OOMs on grids over 4k cells"],
        [],
        "The solver runs out of memory on grids of more than 4,000 cells.",
        "The solver runs out of memory on grids of fewer than 4,000 cells.",
    ),
    (
        "bounds",
        ["max 5 retries"],
        [],
        "At most 5 retries.",
        "At least 5 retries.",
    ),
    (
        "denial of the replaced line",
        ["the lab uses Zigbee now"],
        ["The lab uses Bluetooth."],
        "The lab uses Zigbee, not Bluetooth.",
        "The lab uses Bluetooth, not Zigbee.",
    ),
    (
        "an old value beside the new one",
        ["the standup moved from Monday to Tuesday"],
        ["The standup is on Monday."],
        "The standup is on Tuesday.",
        "The standup is on Monday and Tuesday.",
    ),
    (
        "a change, no range",
        ["the sync moved from 02:00 to 04:30"],
        ["The sync runs at 02:00."],
        "The sync runs at 04:30.",
        "The sync runs from 02:00 to 04:30.",
    ),
    (
        "a range, no list",
        ["trucks arrive between 05:00 and 06:30"],
        [],
        "Trucks arrive from 05:00 to 06:30.",
        "Trucks arrive at 05:00 and 06:30.",
    ),
    (
        "order",
        ["run the linter, then the tests"],
        [],
        "Run the linter before the tests.",
        "Run the tests before the linter.",
    ),
    (
        "only",
        ["only the shift lead can open the vault"],
        [],
        "The vault can be opened only by the shift lead.",
        "The shift lead can only open the vault.",
    ),
    (
        "a cause side by side",
        ["the dome camera hangs upside down, flip the image vertically"],
        [],
        "The dome camera hangs upside down, so flip the image vertically.",
        "The dome camera hangs upside down because the image is flipped vertically.",
    ),
    (
        "a cause from two flags",
        ["uploads fail on the guest network", "the guest network blocks port 22"],
        [],
        "Uploads fail on the guest network because it blocks port 22.",
        "The guest network blocks port 22 because uploads fail.",
    ),
    (
        "a condition and its outcome",
        ["recalibrate the arm whenever the gripper was changed"],
        [],
        "When the gripper was changed, recalibrate the arm.",
        "Change the gripper whenever the arm was recalibrated.",
    ),
    (
        "two statements",
        ["the reader pads with zeros, the writer pads with blanks"],
        [],
        "The reader pads with zeros; the writer pads with blanks.",
        "The writer pads with zeros; the reader pads with blanks.",
    ),
    (
        "two values of one kind",
        ["the board draws 12 mA in sleep, 140 mA with the radio"],
        [],
        "The board draws 140 mA with the radio and 12 mA in sleep.",
        "The board draws 140 mA in sleep and 12 mA with the radio.",
    ),
    (
        "where it holds",
        ["no emojis in the changelog"],
        [],
        "Do not use emojis in the changelog.",
        "Do not use emojis.",
    ),
    (
        "a cause that the replaced line gives behind a colon",
        ["harbormaster was renamed to quayd"],
        [
            "harbormaster holds at most 2,000 frames in memory",
            "harbormaster must be restarted after the modem changes: it keeps the old socket otherwise",
        ],
        "harbormaster, now quayd, holds at most 2,000 frames in memory; it must be restarted after the modem changes, because it keeps the old socket otherwise",
        "harbormaster, now quayd, must be restarted after the modem changes; it holds at most 2,000 frames in memory, because it keeps the old socket otherwise",
    ),
    (
        "a cause of the replaced line, the other way round",
        ["mailer is called postbox now"],
        ["mailer must be drained before a deploy: it loses what it has queued"],
        "postbox must be drained before a deploy, because it loses what it has queued",
        "postbox loses what it has queued, because it must be drained before a deploy",
    ),
    (
        "a cause of the replaced line with another thing's property",
        ["the API is called gate now"],
        ["The API drops requests: the cache is small, the disk is large"],
        "The API, now gate, drops requests, because the cache is small.",
        "The API, now gate, drops requests, because the cache is large.",
    ),
    (
        "who alone may, where the noun says little",
        ["Only the maintainer can publish"],
        [],
        "Publishing: only the maintainer can.",
        "The maintainer can only publish.",
    ),
    (
        "which group alone may",
        ["Only the team can merge to main"],
        [],
        "To main only the team can merge.",
        "The team can only merge to main.",
    ),
    (
        "two subjects with opposite statements",
        ["the reader rounds down and the writer rounds up"],
        [],
        "The reader rounds down, the writer rounds up.",
        "The reader and the writer round up.",
    ),
    (
        "two subjects, the other one's statement",
        ["the importer counts up and the exporter counts down"],
        [],
        "The exporter counts down and the importer counts up.",
        "The exporter and the importer count down.",
    ),
]


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told[0])
def test_a_kind_told_rightly_is_accepted_and_told_wrongly_refused(
    told: tuple[str, list[str], list[str], str, str],
) -> None:
    _, flags, replaced, rightly, wrongly = told

    assert [finding.what for finding in findings(rightly, flags, replaced)[0]] == []
    assert findings(wrongly, flags, replaced)[0]


def test_the_bound_of_a_number_is_not_that_of_a_count_before_it() -> None:
    said = ["one radio frame, at most 51 bytes, fits spreading factor 12"]

    assert not findings("One radio frame has at most 51 bytes", said, [])[0]
    assert findings("At most one radio frame has 51 bytes", said, [])[0]


def test_the_mistake_of_a_snag_may_be_advised_against_and_not_recommended() -> None:
    mistake, better = "edited the generated client by hand", "change api.yaml and run make client"
    rightly = "Do not edit the generated client by hand: change api.yaml and run `make client`."
    wrongly = "Edit the generated client by hand; do not change api.yaml."

    assert not findings(rightly, [mistake, better], [], [better], [mistake])[0]
    assert findings(wrongly, [mistake, better], [], [better], [mistake])[0]


def test_the_tuned_set_has_enough_cases_and_none_that_a_flag_says_itself() -> None:
    every = cases("hand_a")
    sides = [sum(case.faithful is side for case in every) for side in (True, False)]

    assert min(sides) >= 250
    assert not [case for case in every if case.text in {flag.text for flag in case.flags}]
    assert sum(accepted(case) for case in every if not case.faithful) <= 4


# (kind, flags, replaced lines, the line told rightly, the line told wrongly): a value and its words
COMPANY = [
    (
        "two values of two things",
        ["mp3 uploads are capped at 20 MB; wav uploads at 200 MB"],
        [],
        "WAV uploads are capped at 200 MB, MP3 uploads at 20 MB.",
        "WAV uploads are capped at 20 MB, MP3 uploads at 200 MB.",
    ),
    (
        "a unit only once",
        ["the zip is 12 MB, the tarball is 30", "we only publish the tarball, the zip is internal"],
        [],
        "Publish only the tarball (30 MB). The zip (12 MB) is internal.",
        "Publish only the tarball (12 MB). The zip (30 MB) is internal.",
    ),
    (
        "the new value of the other thing",
        ["search timeout is 3s now"],
        ["Login times out after 10 s, search after 5 s."],
        "Login times out after 10 s, search after 3 s.",
        "Login times out after 3 s, search after 5 s.",
    ),
    (
        "the new value of the other sentence",
        ["chips go to 4 px padding"],
        ["Tabs have a padding of 6 px. Chips have a padding of 8 px."],
        "Tabs have a padding of 6 px. Chips have a padding of 4 px.",
        "Tabs have a padding of 4 px. Chips have a padding of 8 px.",
    ),
    (
        "the new value of a clock",
        ["weekly report now goes out at 09:00"],
        ["The daily report goes out at 07:00 and the weekly report at 08:00."],
        "The daily report goes out at 07:00 and the weekly report at 09:00.",
        "The daily report goes out at 09:00 and the weekly report at 08:00.",
    ),
    (
        "one value for both",
        ["minimum is ios 16 now, dropped ios 15"],
        ["The player supports iOS 15 and Android 9."],
        "The player supports iOS 16 and Android 9.",
        "The player supports iOS 16 and Android 16.",
    ),
    (
        "the rest",
        ["toll costs go to 7110 now, all other costs remain on 7100"],
        ["Costs are booked to account 7100."],
        "Toll costs are booked to account 7110, all other costs to 7100.",
        "Toll costs are booked to account 7100, all other costs to 7110.",
    ),
    (
        "one file for both",
        ["menus are built in MenuTree.swift on ios and in MenuList.kt on android"],
        [],
        "MenuTree.swift builds the menus on iOS, MenuList.kt on Android.",
        "MenuTree.swift builds the menus on both iOS and Android.",
    ),
    (
        "the opposite word beside a value",
        ["with the short cable 40 MHz works, the rig (long cable) is set to 16 MHz"],
        [],
        "With the short cable 40 MHz works; the rig (long cable) is set to 16 MHz.",
        "With the short cable 40 MHz works; the rig (short cable) is set to 16 MHz.",
    ),
]
TURNED = [
    (
        "left out of something",
        ["digest skips users who paused mails"],
        [],
        "The digest skips users who paused their mails.",
        "The digest goes to users who paused mails.",
    ),
    (
        "shared",
        ["previews share the database of staging"],
        [],
        "Previews share the staging database.",
        "Previews have a database of their own.",
    ),
    (
        "in addition",
        ["refunds over 500 eur need a second approval by finance"],
        ["Refunds are approved by the team lead."],
        "Refunds are approved by the team lead; over 500 EUR they need a second approval by finance.",
        "Refunds are approved by the team lead; over 500 EUR finance approves them instead.",
    ),
    (
        "on and off",
        ["sample the sensor in the off phase"],
        [],
        "Sample the sensor in the off phase.",
        "Sample the sensor in the on phase.",
    ),
    (
        "whose",
        ["backups are encrypted with the tenant's own key, we cannot read them"],
        [],
        "Backups are encrypted with the tenant's own key; we cannot read them.",
        "Backups are encrypted with our own key; tenants cannot read them.",
    ),
    (
        "advice as a condition",
        ["snapshots break with lazy images, use the eager loader"],
        [],
        "Snapshots break with lazy images: use the eager loader.",
        "Snapshots break with lazy images if you use the eager loader.",
    ),
    (
        "this version alone",
        ["project needs godot 4.2, it does not open in 4.3"],
        [],
        "The project needs Godot 4.2; it does not open in 4.3.",
        "The project needs Godot 4.2 or later.",
    ),
]


@pytest.mark.parametrize(("kind", "flags", "replaced", "right", "wrong"), [*COMPANY, *TURNED])
def test_a_value_stays_with_its_words_and_a_plain_word_turns_nothing_round(
    kind: str, flags: list[str], replaced: list[str], right: str, wrong: str
) -> None:
    assert findings(right, flags, replaced, flags)[0] == [], kind
    assert findings(wrong, flags, replaced, flags)[0], kind
