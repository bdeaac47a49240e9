"""Debian's Chromium, driven by Playwright: offline, with a profile of its own, and an ear for complaints."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def missing() -> str:
    """Why no browser can be driven here; "" where one can."""
    if CHROMIUM is None:
        return "Debian's chromium is not installed (apt-get install chromium)"
    try:
        import playwright.sync_api  # noqa: F401, PLC0415
    except ImportError:
        return "playwright is not installed (pip install --group test)"
    return ""


@dataclass
class Window:
    """A browser window.

    Attributes:
        page: Playwright's.
        complaints: what pages logged: errors, and what their policy refused.
        dialogs: alerts and the like, which only a script can open.
        asked: every address that was asked for.
    """

    page: Any
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def show(self, file: Path, *, dark: bool = False, query: str = "", width: int = 1280, height: int = 900) -> Any:
        """Open a page from disk; Playwright's page."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.goto(file.absolute().as_uri() + query)
        return self.page


@contextmanager
def driving() -> Iterator[Any]:
    """Playwright, running; once a process."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - tests without it must be able to skip

    with sync_playwright() as driver:
        yield driver


@contextmanager
def browser(driver: Any, *, scripts: bool = True) -> Iterator[Window]:
    """A window of a browser whose profile is gone with it.

    Args:
        driver: of `driving`.
        scripts: whether pages may run any.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, headless=True, args=list(FLAGS), java_script_enabled=scripts, locale="en"
        )
        try:
            window = Window(context.pages[0])
            window.page.on("console", lambda message: window.complaints.append(message.text))
            window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
            window.page.on("dialog", lambda dialog: (window.dialogs.append(dialog.message), dialog.dismiss()))
            window.page.on("request", lambda request: window.asked.append(request.url))
            yield window
        finally:
            context.close()


def faults(page: Any) -> list[str]:
    """What axe-core finds that is serious or critical, one line each."""
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run({preload: false})")  # it would fetch style sheets, which our policy refuses
    return [
        f"{one['impact']}: {one['id']}: {node['target']}: {node.get('failureSummary', '')}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
