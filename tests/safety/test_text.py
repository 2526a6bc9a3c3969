from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.errors import Refused
from gitmem.safety.text import MAX_TEXT, clean, find_hidden, visible

ZWJ, ZWNJ = "\u200d", "\u200c"
TEXT_STYLE, EMOJI_STYLE = "\ufe0e", "\ufe0f"

# (text, the code point the message must name, its 1-based place)
HIDDEN = [
    ("first\nsecond", "U+000A LINE FEED", 6),
    ("first\rsecond", "U+000D CARRIAGE RETURN", 6),
    ("first\r\nsecond", "U+000D CARRIAGE RETURN", 6),
    ("a line that ends\n", "U+000A LINE FEED", 17),
    ("a\vb", "U+000B LINE TABULATION", 2),
    ("a\fb", "U+000C FORM FEED", 2),
    ("a\x1cb", "U+001C", 2),
    ("a\x1db", "U+001D", 2),
    ("a\x1eb", "U+001E", 2),
    ("a\x85b", "U+0085 NEXT LINE", 2),
    ("a\u2028b", "U+2028 LINE SEPARATOR", 2),
    ("a\u2029b", "U+2029 PARAGRAPH SEPARATOR", 2),
    ("a\tb", "U+0009 TAB", 2),
    ("a\x00b", "U+0000 NULL", 2),
    ("\x1b[31mred", "U+001B ESCAPE", 1),
    ("bell\x07", "U+0007 BELL", 5),
    ("a\x7fb", "U+007F DELETE", 2),
    ("a\x9b31m", "U+009B CONTROL SEQUENCE INTRODUCER", 2),
    ("half \ud83d of a pair", "U+D83D", 6),
    ("half \udc00 of a pair", "U+DC00", 6),
    ("user\u202etxt.exe", "U+202E RIGHT-TO-LEFT OVERRIDE", 5),
    ("a\u202ab", "U+202A LEFT-TO-RIGHT EMBEDDING", 2),
    ("a\u202cb", "U+202C POP DIRECTIONAL FORMATTING", 2),
    ("a\u2066b", "U+2066 LEFT-TO-RIGHT ISOLATE", 2),
    ("a\u2069b", "U+2069 POP DIRECTIONAL ISOLATE", 2),
    ("a\u200eb", "U+200E LEFT-TO-RIGHT MARK", 2),
    ("a\u200fb", "U+200F RIGHT-TO-LEFT MARK", 2),
    ("a\u061cb", "U+061C ARABIC LETTER MARK", 2),
    ("plain\U000e0001\U000e0068\U000e0069", "U+E0001 LANGUAGE TAG", 6),
    ("plain\U000e0041", "U+E0041 TAG LATIN CAPITAL LETTER A", 6),
    # The flag of England is an emoji tag sequence; tags hide whole sentences, so it goes too.
    ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "U+E0067", 2),
    ("zero\u200bwidth", "U+200B ZERO WIDTH SPACE", 5),
    ("word\u2060joiner", "U+2060 WORD JOINER", 5),
    ("\ufeffstart", "U+FEFF ZERO WIDTH NO-BREAK SPACE", 1),
    ("a\u2063b", "U+2063 INVISIBLE SEPARATOR", 2),
    ("a\u2064b", "U+2064 INVISIBLE PLUS", 2),
    ("a\u206ab", "U+206A", 2),
    ("a\u034fb", "U+034F COMBINING GRAPHEME JOINER", 2),
    (f"lat{ZWJ}in", "U+200D ZERO WIDTH JOINER", 4),
    (f"lat{ZWNJ}in", "U+200C ZERO WIDTH NON-JOINER", 4),
    (f"{ZWNJ}\u0633\u0644\u0627\u0645", "U+200C", 1),
    (f"\u0645{ZWNJ}{ZWNJ}\u062e", "U+200C", 3),
    (f"\u0645 {ZWJ}{ZWJ}\u062e", "U+200D", 3),
    (f"a{ZWJ}\U0001f468", "U+200D", 2),
    (f"a{EMOJI_STYLE}b", "U+FE0F VARIATION SELECTOR-16", 2),
    (f"{EMOJI_STYLE}a", "U+FE0F", 1),
    (f"1{EMOJI_STYLE} item", "U+FE0F", 2),
    (f"\u2764{EMOJI_STYLE}{EMOJI_STYLE}", "U+FE0F", 3),
    (f"\u2764{TEXT_STYLE}{EMOJI_STYLE}", "U+FE0F", 3),
    ("\u2764\ufe00", "U+FE00 VARIATION SELECTOR-1", 2),
    ("\U0001f600\U000e0121\U000e0122", "U+E0121 VARIATION SELECTOR-50", 2),
    ("\u845b\U000e0100", "U+E0100 VARIATION SELECTOR-17", 2),
    ("a\u115fb", "U+115F HANGUL CHOSEONG FILLER", 2),
    ("a\u1160b", "U+1160 HANGUL JUNGSEONG FILLER", 2),
    ("a\u3164b", "U+3164 HANGUL FILLER", 2),
    ("a\uffa0b", "U+FFA0 HALFWIDTH HANGUL FILLER", 2),
    ("a\u2800b", "U+2800 BRAILLE PATTERN BLANK", 2),
    ("soft\u00adhyphen", "U+00AD SOFT HYPHEN", 5),
    ("a\u180eb", "U+180E MONGOLIAN VOWEL SEPARATOR", 2),
    ("\u1820\u180b", "U+180B MONGOLIAN FREE VARIATION SELECTOR ONE", 2),
    ("a\u17b4b", "U+17B4 KHMER VOWEL INHERENT AQ", 2),
    ("a\ufff9b\ufffac\ufffb", "U+FFF9 INTERLINEAR ANNOTATION ANCHOR", 2),
    ("a\ufffcb", "U+FFFC OBJECT REPLACEMENT CHARACTER", 2),
    ("a\ufdd0b", "U+FDD0", 2),
    ("a\uffffb", "U+FFFF", 2),
    ("a\U0001fffeb", "U+1FFFE", 2),
    ("a\ue000b", "U+E000", 2),
    ("a\U000f0000b", "U+F0000", 2),
    ("a\u0378b", "U+0378", 2),
    ("a\U000e0200b", "U+E0200", 2),
    ("a\U0001d173b", "U+1D173 MUSICAL SYMBOL BEGIN BEAM", 2),
    ("z" + "\u0301\u0302\u0303\u0304\u0305", "U+0305 COMBINING OVERLINE", 6),
    ("z" + "\u0489" * 5, "U+0489", 6),
    ("\u0e01" + "\u0e37" * 5, "U+0E37", 6),
]

ORDINARY = [
    "CI needs Python 3.11, and `make test` sets up everything itself.",
    "na\u00efve caf\u00e9, \u00fcber, stra\u00dfe, \u0142\u00f3d\u017a, \u010de\u0161tina, \u0130stanbul",
    "an em dash \u2014 \u201cquotes\u201d \u2026 an arrow \u2192 2 \u20ac \u2265 1 \u00a3, \u00b11 \u00b5s \u00d7 3",
    "No\u00a0break, narrow\u202fspace, 12\u2009345, a\u3000wide one",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629: \u064a\u062c\u0628 \u062a\u0634\u063a\u064a\u0644 \u0627\u0644\u0627\u062e\u062a\u0628\u0627\u0631\u0627\u062a",
    "\u0627\u0644\u0652\u062d\u064e\u0645\u0652\u062f\u064f \u0644\u0650\u0644\u0651\u064e\u0647\u0650",
    f"\u0645\u06cc{ZWNJ}\u062e\u0648\u0627\u0647\u0645 \u0648 \u06a9\u062a\u0627\u0628{ZWNJ}\u0647\u0627",
    f"API{ZWNJ}\u0647\u0627 \u0648 \u06f1\u06f0{ZWNJ}\u0633\u0627\u0644\u0647",
    "\u06c1\u0646\u062f\u0648\u0633\u062a\u0627\u0646 \u0645\u06cc\u06ba \u0627\u0631\u062f\u0648",
    "\u05e2\u05d1\u05e8\u05d9\u05ea \u05e2\u05dd \u05e0\u05b4\u05e7\u05bc\u05d5\u05bc\u05d3",
    "\u05d1\u05bc\u05b0\u05e8\u05b5\u05d0\u05e9\u05c1\u05b4\u0596\u05d9\u05ea \u05d1\u05bc\u05b8\u05e8\u05b8\u05a3\u05d0",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u092e\u0947\u0902 \u092a\u0930\u0940\u0915\u094d\u0937\u0923",
    f"\u0915\u094d{ZWJ}\u0937 \u0914\u0930 \u0915\u094d{ZWNJ}\u0937",
    f"\u09b0{ZWJ}\u09cd\u09af\u09be\u09ae \u09ac\u09be\u0982\u09b2\u09be",
    f"\u0d05\u0d35\u0d28\u0d4d{ZWJ} \u0d2e\u0d32\u0d2f\u0d3e\u0d33\u0d02",
    f"\u0dc1\u0dca{ZWJ}\u0dbb\u0dd3 \u0dbd\u0d82\u0d9a\u0dcf",
    "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd, \u0c24\u0c46\u0c32\u0c41\u0c17\u0c41, \u0c95\u0ca8\u0ccd\u0ca8\u0ca1",
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u0e17\u0e35\u0e48\u0e19\u0e35\u0e48 \u0e19\u0e49\u0e33",
    "\u0ea5\u0eb2\u0ea7 \u1797\u17b6\u179f\u17b6\u1781\u17d2\u1798\u17c2\u179a",
    "\u1019\u103c\u1014\u103a\u1019\u102c\u1018\u102c\u101e\u102c \u101b\u103d\u103e\u1031\u1037",
    "\u0f56\u0f7c\u0f51\u0f0b\u0f66\u0f90\u0f51\u0f0b \u0f67\u0f71\u0f74\u0f83",
    "Ti\u1ebfng Vi\u1ec7t c\u00f3 d\u1ea5u",
    "Tie\u0302\u0301ng Vie\u0323\u0302t",
    "\ud55c\uad6d\uc5b4 \ud14c\uc2a4\ud2b8\ub97c \uba3c\uc800",
    "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30b9\u30c8\u3001\u5148\u306b\u5b9f\u884c",
    "\u304b\u3099 \u30cf\u309a",
    "\u4e2d\u6587\u6d4b\u8bd5\uff0c\u5148\u8fd0\u884c\u3002\U00020000",
    "\u0420\u0443\u0441\u0441\u043a\u0438\u0439 \u0439\u043e\u0433\u0443\u0440\u0442, \u0423\u043a\u0440\u0430\u0457\u043d\u0430",
    "\u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac, \u1f04\u03bd\u03b8\u03c1\u03c9\u03c0\u03bf\u03c2",
    "\u0531\u0580\u0574\u0565\u0576, \u10e5\u10d0\u10e0\u10d7\u10e3\u10da\u10d8, \u12a0\u121b\u122d\u129b",
    "\u1826\u1828\u1820 \u182a\u1822\u1834\u1822\u182d",
    "done \u2705 warn \u26a0\ufe0f heart \u2764\ufe0f text \u2764\ufe0e",
    f"family \U0001f468{ZWJ}\U0001f469{ZWJ}\U0001f467{ZWJ}\U0001f466",
    f"coder \U0001f469\U0001f3fd{ZWJ}\U0001f4bb, rainbow \U0001f3f3\ufe0f{ZWJ}\U0001f308",
    f"\U0001f9d1{ZWJ}\u2695\ufe0f and \u2764\ufe0f{ZWJ}\U0001f525",
    "flag \U0001f1f9\U0001f1f7, key 1\ufe0f\u20e3, #\ufe0f\u20e3",
    "\u00a9\ufe0f \u2122\ufe0f \u2194\ufe0f",
    "math \u2200x\u2208\u211d: x\u00b2\u22650, boxes \u2500\u2502\u250c",
    "\u0600\u0661\u0662 with an Arabic number sign",
    "damaged \ufffd but plain to see",
]


@pytest.mark.parametrize(("text", "named", "place"), HIDDEN)
def test_a_line_with_a_hidden_character_is_refused_and_names_it(
    text: str, named: str, place: int
) -> None:
    with pytest.raises(Refused) as refusal:
        clean(text)
    assert f"character {place} is {named}" in refusal.value.message
    assert refusal.value.exit_code == 4
    assert refusal.value.hint


@pytest.mark.parametrize(("text", "named", "place"), HIDDEN)
def test_the_way_out_finds_the_same_characters(text: str, named: str, place: int) -> None:
    reason = find_hidden(text)
    assert reason is not None
    assert f"Character {place} is {named}" in reason


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_of_many_languages_passes(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == unicodedata.normalize("NFC", text)
    assert find_hidden(cleaned) is None


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_the_sets_have_the_promised_size() -> None:
    assert len(HIDDEN) >= 40
    assert len(ORDINARY) >= 34


def test_blanks_around_a_line_are_taken_off() -> None:
    assert clean("  a fact \u00a0\u3000") == "a fact"


@pytest.mark.parametrize("text", ["", " ", "\u00a0 \u3000"])
def test_an_empty_line_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="reason: it is empty"):
        clean(text, what="reason")


def test_a_line_may_have_exactly_as_many_characters_as_the_limit() -> None:
    assert len(clean("x" * MAX_TEXT)) == 1000


def test_a_line_over_the_limit_is_refused_with_both_numbers() -> None:
    with pytest.raises(Refused, match=r"1001 characters, and the limit is 1000"):
        clean("x" * 1001)
    with pytest.raises(Refused, match=r"4 characters, and the limit is 3"):
        clean("\u00e9\u00e9\u00e9\u00e9", limit=3)


def test_the_limit_counts_what_is_kept() -> None:
    assert clean("  e\u0301\u4e00  ", limit=2) == "\u00e9\u4e00"


def test_decomposed_text_is_composed_on_the_way_in_and_a_reason_on_the_way_out() -> None:
    assert clean("cafe\u0301") == "caf\u00e9"
    assert find_hidden("cafe\u0301") == "The line is not in Unicode normal form C."


def test_a_stack_of_marks_that_only_normal_form_c_reveals_is_refused() -> None:
    text = "\ufb2c\u05b8\u0591\u0592"
    with pytest.raises(Refused, match="more than 4 combining marks"):
        clean(text)


def test_an_emoji_newer_than_this_python_passes() -> None:
    assert unicodedata.category("\U0001faff") in {"So", "Cn"}
    assert clean("new \U0001faff") == "new \U0001faff"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ASCII, all of it: ~!#[x]::y", "plain ASCII, all of it: ~!#[x]::y"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("a\nb\r\n", r"a\x0ab\x0d\x0a"),
        ("a\tb\x85c\u2028d", r"a\x09b\x85c\u2028d"),
        ("user\u202etxt", r"user\u202etxt"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("half\ud83d", r"half\ud83d"),
        ("::error file=x::boom", ": :error file=x::boom"),
        (" \u00a0::add-mask::x", " \u00a0: :add-mask::x"),
        ("std::vector is fine", "std::vector is fine"),
        ("see ##[error]boom and ##[group]", "see # #[error]boom and # #[group]"),
        ("###[warning]", "## #[warning]"),
        ("##vso[task.setvariable]x", "# #vso[task.setvariable]x"),
        ("##teamcity[testFailed]", "# #teamcity[testFailed]"),
        ("## A heading [with a link]", "## A heading [with a link]"),
    ],
)
def test_text_on_a_terminal_or_in_a_ci_log_is_only_printed(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_cleaning_refuses_or_gives_a_line_that_is_clean(text: str) -> None:
    try:
        cleaned = clean(text)
    except Refused:
        return
    assert cleaned
    assert clean(cleaned) == cleaned
    assert find_hidden(cleaned) is None
    if "##" not in cleaned and "::" not in cleaned:
        assert visible(cleaned) == cleaned


@given(st.text(st.characters(), max_size=40))
def test_what_is_shown_obeys_nobody(text: str) -> None:
    shown = visible(text)
    unprintable = {char for char in shown if not char.isprintable()}
    assert {unicodedata.category(char) for char in unprintable} <= {"Zs", "Cf", "Cn"}
    assert not any(0x202A <= ord(char) <= 0x2069 for char in unprintable - {"\u202f", "\u205f"})
    assert "##[" not in shown
    assert not shown.lstrip().startswith("::")
    shown.encode()


@given(
    st.text(
        st.sampled_from("a \u0301\u05b8\u05bc\u200d\u200c\ufe0f\u2764\U0001f468\u0647"), max_size=12
    )
)
def test_joiners_and_marks_never_slip_through_in_any_order(text: str) -> None:
    reason = find_hidden(text)
    for index, char in enumerate(text):
        before = text[index - 1] if index else ""
        if char in {ZWJ, ZWNJ, EMOJI_STYLE} and (not before or before == " "):
            assert reason is not None
