"""The pictures in docs/: of the report that `make demo` made, taken in Debian's Chromium.

    python tools/screenshots.py [--report examples/report] [--output docs/screenshots]

Needs chromium, fonts-noto-cjk and playwright.
"""

# ruff: noqa: T201 - a script

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser_kit import Window, browser, driving, missing  # noqa: E402 - the tests' own browser

POST = "2021-10-19-counting-stars-from-a-car-park.md"
CHINESE_POST = "2017-03-27-chuanwu-mingdan.md"


def page_of(report: Path, post: str) -> Path:
    """The page of the post whose file has that name.

    Raises:
        SystemExit: there is none.
    """
    wanted = re.compile(rf'class="address">[^<]*{re.escape(post)}</bdi></dd>')
    for page in sorted(report.glob("posts/*/*.html")):
        if wanted.search(page.read_text("utf-8")):
            return page
    raise SystemExit(f"screenshots: no page of {post} in {report}: run `make demo` first")


@dataclass(frozen=True)
class Shot:
    """One picture of one page."""

    file: Path
    name: str
    width: int = 1280
    height: int = 1000
    dark: bool = False
    side: bool = False


def take(window: Window, shot: Shot, output: Path) -> None:
    """Take it."""
    page = window.show(shot.file, width=shot.width, height=shot.height, dark=shot.dark)
    if shot.side:
        page.get_by_label("Side by side").check(force=True)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=str(output / f"{shot.name}.png"))
    print(f"{output / shot.name}.png")


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", type=Path, default=ROOT / "examples" / "report")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "screenshots")
    options = parser.parse_args()
    if missing():
        raise SystemExit(f"screenshots: {missing()}")
    report, output = options.report, options.output
    output.mkdir(parents=True, exist_ok=True)
    front = report / "index.html"
    shots = (
        Shot(front, "front-light"),
        Shot(front, "front-dark", dark=True),
        Shot(front, "front-narrow", width=390, height=844),
        Shot(page_of(report, POST), "post", height=1240),
        Shot(page_of(report, CHINESE_POST), "post-side-by-side", height=1240, side=True),
    )
    with driving() as driver, browser(driver) as window:
        for shot in shots:
            take(window, shot, output)


if __name__ == "__main__":
    main()
