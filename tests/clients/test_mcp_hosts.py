"""The entry for the MCP server in each host's file: added, found and taken out, every other byte left alone."""

from __future__ import annotations

import json
import re
import tomllib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.clients.json_text import append, drop, parse
from gitmem.clients.mcp_hosts.host import McpHost, starts_gitmem
from gitmem.clients.mcp_hosts.json_file import JsonServers
from gitmem.clients.mcp_hosts.table import HOSTS
from gitmem.clients.mcp_hosts.toml_file import TomlServers
from gitmem.core.failures import NeedsPerson

CODEX = next(host.file for host in HOSTS if isinstance(host.file, TomlServers))
ZED = next(host.file for host in HOSTS if host.name == "zed")
SHARED = next(host.file for host in HOSTS if host.name == "claude-code")
OPENCODE = next(host.file for host in HOSTS if host.name == "opencode")
EACH = pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)


@EACH
def test_a_new_file_has_the_entry_and_goes_with_it(host: McpHost) -> None:
    text = host.file.wire(None)

    assert host.file.words(text)[:2] == ("gitmem", "mcp")
    assert host.file.mark.decode() in text
    assert host.file.wire(text) == text
    assert host.file.unwire(text) is None


@EACH
@pytest.mark.parametrize("text", ["", "\n", "\ufeff"])
def test_an_empty_file_is_one_without_servers(host: McpHost, text: str) -> None:
    if isinstance(host.file, TomlServers) and text == "\ufeff":
        text = ""  # TOML has no such mark, and its host refuses it

    assert host.file.words(text) == ()
    assert host.file.unwire(text) == text
    assert host.file.words(host.file.wire(text))


@EACH
def test_the_entry_never_keeps_its_host_from_starting(host: McpHost) -> None:
    assert "required" not in host.file.wire(None)


@EACH
def test_an_entry_that_a_person_changed_stays_as_it_is(host: McpHost) -> None:
    text = host.file.wire(None).replace('"gitmem"', '"/opt/tools/bin/gitmem"')
    text = text.replace('"/opt/tools/bin/gitmem":', '"gitmem":')  # the name of the entry

    assert host.file.words(text)[0] == "/opt/tools/bin/gitmem"
    assert host.file.wire(text) == text
    assert host.file.unwire(text) is None


@EACH
def test_another_server_of_that_name_is_refused_and_stays(host: McpHost) -> None:
    text = host.file.wire(None).replace('"mcp"]', '"serve"]').replace('"mcp",', '"serve",')

    with pytest.raises(NeedsPerson, match="another server named gitmem") as raised:
        host.file.wire(text)
    assert "give that one another name first" in raised.value.hint
    assert host.file.unwire(text) == text
    assert host.file.words(text) == ()


@EACH
@pytest.mark.parametrize("text", ["{", "[", '{"a": 1} x', "[[]", "= 1", '{"mcp": [}', "a = \n"])
def test_a_broken_file_is_refused_with_its_name_and_what_to_do(host: McpHost, text: str) -> None:
    for work in (host.file.wire, host.file.unwire, host.file.words):
        with pytest.raises(NeedsPerson, match=re.escape(host.file.path)) as raised:
            work(text)
        assert "by hand first" in raised.value.hint


@pytest.mark.parametrize("odd", ["9" * 5_000, "[" * 3_000 + "]" * 3_000, "0x" + "f" * 9_000])
def test_a_number_or_a_nesting_that_cannot_be_read_is_refused(odd: str) -> None:
    """A number of 5,000 digits in a repository's file ended `init` and `doctor` in a traceback."""
    text = f"a = {odd}\n"

    with pytest.raises(NeedsPerson, match=re.escape(".codex/config.toml")):
        CODEX.wire(text)
    with suppress(NeedsPerson):  # of hexadecimal digits there may be more
        assert CODEX.words(text) == ()
        assert CODEX.unwire(text) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"$schema": "https://x.example/s.json"}',
        '{ "a": "http://b//c" }\n',
        '{"a": "//", "b": 1}',
    ],
)
def test_an_address_in_a_file_of_one_line_leaves_no_blank_behind(text: str) -> None:
    """Two slashes in a string were taken for a comment."""
    for file in [host.file for host in HOSTS if isinstance(host.file, JsonServers)]:
        if not (file.schema and "$schema" in text):
            assert file.unwire(file.wire(text)) == text


@pytest.mark.parametrize("servers", ["[]", '"x"', "null", "7"])
def test_servers_of_a_wrong_shape_are_refused(servers: str) -> None:
    for file in [host.file for host in HOSTS if isinstance(host.file, JsonServers)]:
        with pytest.raises(NeedsPerson, match="wants an object there"):
            file.wire(f'{{"{file.servers}": {servers}}}')
    with pytest.raises(NeedsPerson, match="wants one there"):
        CODEX.wire("mcp_servers = [1]\n")


def test_comments_and_a_last_comma_stay_where_they_are() -> None:
    text = """\
// my settings
{
  "tab_size": 2, // two, not four
  /* the theme, by day */
  "theme": "One Light", // by day
}
"""
    wired = ZED.wire(text)

    assert wired == text.replace(
        " // by day\n",
        """ // by day
  "context_servers": {
    "gitmem": {
      "command": "gitmem",
      "args": ["mcp"],
      "env": {}
    }
  },
""",
    )
    assert ZED.unwire(wired) == text


def test_a_comment_among_the_servers_stays_with_its_place() -> None:
    text = '{\n\t"context_servers": {\n\t\t// none so far\n\t}\n}\n'

    wired = ZED.wire(text)

    assert '\t\t// none so far\n\t\t"gitmem": {\n' in wired
    assert ZED.unwire(wired) == text


def test_a_host_without_comments_does_not_get_a_file_with_some() -> None:
    with pytest.raises(NeedsPerson, match="is not plain JSON: line 1"):
        SHARED.wire("{} // nothing\n")


@pytest.mark.parametrize(
    "text",
    [
        '{"mcpServers":{"other":{"command":"x"}}}',
        '{"mcpServers": {"x": {}}, "other": [1, 2]}\n',
        '{\r\n    "mcpServers": {\r\n        "other": {}\r\n    }\r\n}\r\n',
        '{\n\t"a": 1\n}\n',
    ],
)
def test_the_rest_of_a_json_file_comes_back_byte_for_byte(text: str) -> None:
    wired = SHARED.wire(text)

    assert json.loads(wired)["mcpServers"]["gitmem"]["command"] == "gitmem"
    assert SHARED.unwire(wired) == text


def test_a_file_that_only_names_its_schema_goes_with_the_entry() -> None:
    text = OPENCODE.wire(None)

    assert json.loads(text)["$schema"].startswith("https://")
    assert OPENCODE.unwire(text) is None
    for mine in (text.replace("{", "{ // mine", 1), "// mine\n" + text, text + "/* mine */"):
        assert "mine" in (OPENCODE.unwire(mine) or "")


@pytest.mark.parametrize(
    "text",
    [
        'model = "x"\n',
        '# mine\n[mcp_servers.other]\ncommand = "y"\n',
        "a = 1\r\n[tools]\r\nweb = true\r\n",
        'a = """\n[mcp_servers.gitmem]\n"""\n',
        "[mcp_servers]\n",
        "limit = nan\n",
    ],
)
def test_the_rest_of_a_toml_file_comes_back_byte_for_byte(text: str) -> None:
    wired = CODEX.wire(text)

    assert tomllib.loads(wired)["mcp_servers"]["gitmem"] == {"command": "gitmem", "args": ["mcp"]}
    assert wired.startswith(text)
    assert CODEX.unwire(wired) == text


def test_a_toml_table_that_a_person_changed_is_cut_out_whole() -> None:
    text = """\
model = "x"

[mcp_servers."gitmem"]
command = "/opt/bin/gitmem"
args = [
  "mcp",
]
[mcp_servers.gitmem.env]
A = "b"

# the next one
[mcp_servers.other]
command = "y"
"""

    assert (
        CODEX.unwire(text) == 'model = "x"\n\n# the next one\n[mcp_servers.other]\ncommand = "y"\n'
    )


def test_an_inline_table_of_servers_is_refused_and_left_alone() -> None:
    with pytest.raises(NeedsPerson, match="nothing can be added to") as raised:
        CODEX.wire('mcp_servers = { other = { command = "y" } }\n')
    assert "write each server as a table" in raised.value.hint

    with pytest.raises(NeedsPerson, match="cannot be cut out"):
        CODEX.unwire('mcp_servers = { gitmem = { command = "gitmem", args = ["mcp"] } }\n')


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        (("gitmem", "mcp"), True),
        (("/opt/bin/gitmem", "mcp", "--repo", "x"), True),
        (("C:\\tools\\gitmem.exe", "mcp"), True),
        (("uvx", "gitmem-cli==0.1.0", "mcp"), True),
        (("uvx", "--from", "gitmem-cli", "gitmem", "mcp"), True),
        (("gitmem", "status"), False),
        (("npx", "gitmem-mcp"), False),
        (("mcp", "gitmem"), False),
        ((), False),
    ],
)
def test_a_command_is_known_by_what_it_starts(words: tuple[str, ...], ours: bool) -> None:
    assert starts_gitmem(words) is ours


SPACE = st.sampled_from(
    ["", " ", "\n", "\n  ", " // a, b\n", "/* c, } */", "\r\n\t", " /* d */ // e\n"]
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[str, int]]:
    """An object of numbers with comments and white space everywhere; and its members."""
    names = draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=4))
    text = draw(SPACE) + "{" + draw(SPACE)
    for at, name in enumerate(names):
        text += f'"{name}"' + draw(SPACE) + ":" + draw(SPACE) + str(at) + draw(SPACE)
        last = at == len(names) - 1
        text += "" if last and draw(st.booleans()) else "," + draw(SPACE)
    return text + "}" + draw(SPACE), {name: at for at, name in enumerate(names)}


def members(text: str) -> dict[str, Any]:
    root = parse(text, name="x", comments=True)
    return {member.name: json.loads(member.value.text) for member in root.members}


def comments(text: str) -> list[str]:
    return sorted(one.strip() for one in re.findall(r"//[^\r\n]*|/\*.*?\*/", text))


@given(documents())
def test_a_member_more_leaves_every_comment_and_every_other_member(
    made: tuple[str, dict[str, int]],
) -> None:
    text, known = made
    root = parse(text, name="x", comments=True)

    longer = append(text, root, root, [("new", 9), ("newer", 10)])

    assert members(longer) == {**known, "new": 9, "newer": 10}
    assert comments(longer) == comments(text)


@given(documents(), st.data())
def test_a_member_less_leaves_every_comment_and_every_other_member(
    made: tuple[str, dict[str, int]], data: st.DataObject
) -> None:
    text, known = made
    root = parse(text, name="x", comments=True)
    if not root.members:
        return
    index = data.draw(st.integers(0, len(root.members) - 1))
    gone = root.members[index]

    shorter = drop(text, root, index)

    assert members(shorter) == {name: at for name, at in known.items() if name != gone.name}
    inside = text[gone.start : gone.value.end]
    assert sorted([*comments(shorter), *comments(inside)]) == comments(text)
