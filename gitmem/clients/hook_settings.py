"""gitmem's entries in a client's JSON settings: merged in, recognised, taken out (pure).

The file belongs to the person: every edit is an insertion into (or a cut out of) the text as it
stands, so the diff shows our lines only. Several clients read the same shape:
`{"hooks": {EVENT: [{"matcher": ..., "hooks": [{"type": "command", "command": ..., "timeout": n}]}]},
"permissions": {"allow": [RULE]}}`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.clients.abilities import Hook
from gitmem.clients.json_text import Kind, Value, append, cut, is_empty, parse, replace
from gitmem.core.failures import Internal, NeedsPerson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What a client takes as "every tool" or "every source".
_ANY = ("", "*")
# What switches off all hooks, where a client knows it at all.
_SWITCH = "disableAllHooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One of our handlers in a file, and the containers and indexes on the way to it."""

    event: str
    matcher: str
    handler: Value
    chain: tuple[tuple[Value, int], ...]


def parse_hooks(shipped: str) -> tuple[Hook, ...]:
    """Return the hooks in the shipped `hooks/claude-code/hooks.json`; Internal when it is not in order."""
    try:
        return tuple(
            Hook(
                event=event,
                matcher=group.get("matcher", ""),
                command=handler["command"],
                timeout=handler.get("timeout"),
            )
            for event, groups in json.loads(shipped)["hooks"].items()
            for group in groups
            for handler in group["hooks"]
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Internal("the shipped hooks.json is not in order") from error


def is_blank(text: str) -> bool:
    """Return whether the text is blank, which the client takes for a file without settings."""
    return not text.removeprefix("\ufeff").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSettings:
    """One client's settings file.

    ``name`` is its path, for messages; ``ours`` is what the hook commands of every version contain, and
    no other command. ``labelled`` says that the client wants a name for each handler, ``comments`` that it
    allows comments.
    """

    name: str
    ours: str
    labelled: bool = False
    comments: bool = False

    def root(self, text: str) -> Value:
        """Return the root value of the file's text. Raises NeedsPerson when it is not in order."""
        return parse(text, name=self.name, comments=self.comments)

    def handler(self, hook: Hook) -> dict[str, object]:
        """Return a hook as the innermost object that the client expects."""
        label = {"name": "gitmem"} if self.labelled else {}
        inner: dict[str, object] = {**label, "type": "command", "command": hook.command}
        return inner if hook.timeout is None else {**inner, "timeout": hook.timeout}

    def group(self, hook: Hook) -> dict[str, object]:
        """Return a hook as the element of the event's list."""
        return {
            **({"matcher": hook.matcher} if hook.matcher else {}),
            "hooks": [self.handler(hook)],
        }

    def events(self, hooks: Iterable[Hook]) -> dict[str, list[object]]:
        """Return hooks as a client reads them from a file: for each event, its list."""
        found: dict[str, list[object]] = {}
        for hook in hooks:
            found.setdefault(hook.event, []).append(self.group(hook))
        return found

    def merge(self, existing: str | None, hooks: Sequence[Hook], allow: Sequence[str] = ()) -> str:
        """Return the settings text with exactly these hooks of ours and at least these allow rules.

        ``existing`` is None when there is no file. What is in the file stays as it is, byte for
        byte; an older command or matcher of ours is replaced where it stands, a handler of ours at
        another event, or at another matcher with others beside it, is cut out. Merging twice changes nothing. Raises NeedsPerson when the text is not
        strict JSON or has something else where the client expects hooks and permissions.
        """
        text = existing or ""
        if is_blank(text):
            text = text[:1].strip() + "{}\n"
        self._check_shape(self.root(text), hooks)
        text = self._rematch(text, hooks)
        text = self._drop_stale(text, hooks)
        text = self._refresh(text, hooks)
        return self._add_hooks(self._add_allow(text, allow), hooks)

    def remove(self, existing: str, allow: Sequence[str] = ()) -> str | None:
        """Return the settings text without our hooks and these allow rules; None when nothing is left.

        Containers that become empty by it go too; those that were empty before stay.
        """
        if is_blank(existing):
            return existing
        text = existing
        while place := next(self._places(self.root(text)), None):
            text = cut(text, place.chain)
        while chain := self._rule(self.root(text), allow):
            text = cut(text, chain)
        emptied = text != existing and is_empty(text, self.root(text))
        return None if emptied else text

    def are_off(self, existing: str) -> bool:
        """Return whether the file switches off all hooks, ours too."""
        switch = None if is_blank(existing) else self.root(existing).member(_SWITCH)
        return switch is not None and switch.text == "true"

    def flaw(self, existing: str) -> str:
        """Return in a sentence what keeps our hooks from running; empty where nothing does."""
        if not self.are_off(existing):
            return ""
        return f"{self.name} has {_SWITCH} set: no hook runs until that is taken out"

    def _check_shape(self, root: Value, hooks: Sequence[Hook]) -> None:
        self._expect(root, Kind.OBJECT, "the file")
        events = self._expect(root.member("hooks"), Kind.OBJECT, "`hooks`")
        for event in dict.fromkeys(hook.event for hook in hooks):
            groups = self._expect(events and events.member(event), Kind.ARRAY, f"`hooks.{event}`")
            for group in groups.members if groups else ():
                self._expect(group.value, Kind.OBJECT, f"an entry of `hooks.{event}`")
                handlers = self._expect(
                    group.value.member("hooks"),
                    Kind.ARRAY,
                    f"`hooks` in an entry of `hooks.{event}`",
                )
                for handler in handlers.members if handlers else ():
                    self._expect(handler.value, Kind.OBJECT, f"a hook of `hooks.{event}`")
        permissions = self._expect(root.member("permissions"), Kind.OBJECT, "`permissions`")
        self._expect(permissions and permissions.member("allow"), Kind.ARRAY, "`permissions.allow`")

    def _expect(self, value: Value | None, kind: Kind, what: str) -> Value | None:
        if value is not None and value.kind is not kind:
            raise NeedsPerson(
                f"{self.name}: {what} is {value.kind}, and the client wants {kind} there",
                hint="mend it by hand first; nothing was changed",
            )
        return value

    def _places(self, root: Value) -> Iterator[_Place]:
        """Every handler of ours, wherever the shape is the client's."""
        events = root.member("hooks")
        for at_event, event in enumerate(events.members if events else ()):
            for at_group, group in enumerate(event.value.members):
                handlers = group.value.member("hooks")
                matcher = group.value.member("matcher")
                for at, handler in enumerate(handlers.members if handlers else ()):
                    command = handler.value.member("command")
                    if events and handlers and command and self.ours in command.text:
                        yield _Place(
                            event=event.name,
                            matcher=matcher.text if matcher else "",
                            handler=handler.value,
                            chain=(
                                (root, root.position("hooks")),
                                (events, at_event),
                                (event.value, at_group),
                                (handlers, at),
                            ),
                        )

    def _rematch(self, text: str, hooks: Sequence[Hook]) -> str:
        """With the matcher as shipped where an older version's handler is alone at its matcher."""
        for hook in hooks:
            places = list(self._places(self.root(text)))
            if not hook.matcher or any(_serves(place, hook) for place in places):
                continue
            for place in places:
                (_, _), (_, _), (groups, at_group), (handlers, _) = place.chain
                matcher = groups.members[at_group].value.member("matcher")
                stale = not any(_serves(place, other) for other in hooks)
                if matcher and stale and place.event == hook.event and len(handlers.members) == 1:
                    text = replace(text, matcher, hook.matcher)
                    break
        return text

    def _drop_stale(self, text: str, hooks: Sequence[Hook]) -> str:
        """Without handlers of ours that serve no shipped hook, or one that is served already."""
        while True:
            open_hooks = list(hooks)
            for place in self._places(self.root(text)):
                served = next((hook for hook in open_hooks if _serves(place, hook)), None)
                if served is None:
                    text = cut(text, place.chain)
                    break
                open_hooks.remove(served)
            else:
                return text

    def _refresh(self, text: str, hooks: Sequence[Hook]) -> str:
        """With our handlers' commands as shipped; what a person tuned beside them stays."""
        for hook in hooks:
            place = next((p for p in self._places(self.root(text)) if _serves(p, hook)), None)
            command = place and place.handler.member("command")
            if command and command.text != hook.command:
                text = replace(text, command, hook.command)
        for hook in hooks:
            root = self.root(text)
            place = next((place for place in self._places(root) if _serves(place, hook)), None)
            if place:
                absent = [
                    (k, v) for k, v in self.handler(hook).items() if place.handler.member(k) is None
                ]
                text = append(text, root, place.handler, absent) if absent else text
        return text

    def _add_hooks(self, text: str, hooks: Sequence[Hook]) -> str:
        for hook in hooks:
            root = self.root(text)
            if any(_serves(place, hook) for place in self._places(root)):
                continue
            events = root.member("hooks")
            groups = events.member(hook.event) if events else None
            if events is None:
                text = append(text, root, root, [("hooks", {hook.event: [self.group(hook)]})])
            elif groups is None:
                text = append(text, root, events, [(hook.event, [self.group(hook)])])
            else:
                text = append(text, root, groups, [("", self.group(hook))])
        return text

    def _add_allow(self, text: str, allow: Sequence[str]) -> str:
        root = self.root(text)
        permissions = root.member("permissions")
        rules = permissions.member("allow") if permissions else None
        there = {rule.value.text for rule in rules.members} if rules else set()
        absent = [rule for rule in allow if rule not in there]
        if not absent:
            return text
        if permissions is None:
            return append(text, root, root, [("permissions", {"allow": absent})])
        if rules is None:
            return append(text, root, permissions, [("allow", absent)])
        return append(text, root, rules, [("", rule) for rule in absent])

    def _rule(self, root: Value, allow: Sequence[str]) -> tuple[tuple[Value, int], ...]:
        """The way to the first of these allow rules; empty when none is there."""
        permissions = root.member("permissions")
        rules = permissions.member("allow") if permissions else None
        for at, rule in enumerate(rules.members if rules else ()):
            if (
                permissions
                and rules
                and rule.value.kind is Kind.STRING
                and rule.value.text in allow
            ):
                return (
                    (root, root.position("permissions")),
                    (permissions, permissions.position("allow")),
                    (rules, at),
                )
        return ()


def _serves(place: _Place, hook: Hook) -> bool:
    same = place.matcher == hook.matcher or (place.matcher in _ANY and hook.matcher in _ANY)
    return place.event == hook.event and same
