"""Debian's Chromium, driven by Selenium: offline, with a profile of its own, and an ear for what a page complains of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--lang=en",
)


def missing() -> str:
    """Why no browser can be driven here; "" where one can."""
    if CHROMIUM is None or DRIVER is None:
        return "chromium and chromedriver are not installed (apt-get install chromium chromium-driver)"
    try:
        import selenium  # noqa: F401, PLC0415
    except ImportError:
        return "selenium is not installed"
    return ""


@contextmanager
def browser(width: int = 1280, height: int = 900) -> Iterator[Any]:
    """A browser window; its profile is gone with it."""
    from selenium.webdriver import Chrome, ChromeOptions  # noqa: PLC0415 - tests without it must be able to skip
    from selenium.webdriver.chrome.service import Service  # noqa: PLC0415

    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--window-size={width},{height}", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = Chrome(options=options, service=Service(DRIVER, env=clean))
        try:
            yield driver
        finally:
            driver.quit()


def show(driver: Any, page: Path, *, dark: bool = False, query: str = "") -> None:
    """Open a page from disk, in the wanted colour scheme."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    driver.get(page.absolute().as_uri() + query)


def resize(driver: Any, width: int, height: int = 900) -> None:
    """The viewport, exactly; 0 undoes it."""
    if width:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    else:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def complaints(driver: Any) -> list[str]:
    """What the page logged since it was last asked: errors, and what its policy refused."""
    return [entry["message"] for entry in driver.get_log("browser")]
