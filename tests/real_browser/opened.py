"""A file in a real browser, watched: what it asks the network for, what it says on the console, dialogs and windows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: Every details of the page is opened.
OPEN_ALL = "() => document.querySelectorAll('details').forEach((one) => { one.open = true })"


class Opened:
    """One page. ``amiss`` is what it did that a page of gitmem never does."""

    def __init__(self, browser: Any, file: Path) -> None:
        self.file = file
        self.amiss: list[str] = []
        self.tab = browser.new_context().new_page()
        self.tab.route("**/*", self._asked)
        self.tab.on("console", lambda said: self.amiss.append(f"console: {said.text}"))
        self.tab.on("pageerror", lambda error: self.amiss.append(f"error: {error}"))
        self.tab.on("dialog", self._dialog)
        self.tab.on("popup", lambda one: self.amiss.append(f"window: {one.url}"))
        self.tab.on("download", lambda one: self.amiss.append(f"download: {one.url}"))
        self.tab.on("websocket", lambda one: self.amiss.append(f"socket: {one.url}"))

    def show(
        self, text: str, *, width: int = 1280, scheme: str = "light", open_all: bool = False
    ) -> None:
        """Write the page to its file and open that, as a person does."""
        self.file.write_text(text, encoding="utf-8")
        self.tab.set_viewport_size({"width": width, "height": 900})
        self.tab.emulate_media(color_scheme=scheme)
        self.tab.goto(self.file.as_uri())
        if open_all:
            self.tab.evaluate(OPEN_ALL)

    def tell(self, script: str, *given: Any) -> Any:
        """What a script of the test's own finds in the page."""
        return self.tab.evaluate(script, *given)

    def close(self) -> None:
        """Let the page end; what it still had to say is heard."""
        self.tab.context.close()

    def _asked(self, route: Any) -> None:
        url = route.request.url.partition("#")[0]
        if url == self.file.as_uri():
            route.continue_()
        else:
            self.amiss.append(f"request: {url}")
            route.abort()

    def _dialog(self, dialog: Any) -> None:
        self.amiss.append(f"dialog: {dialog.message}")
        dialog.dismiss()
