"""What a user would script in preserve's place: wget into a WARC file, trafilatura over the pages, diff.

Owns the commands. The stored copies are turned to text beforehand, and wget asks for no robots.txt: both spare the
script work that preserve does.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from corpus import Collection, write_stored_texts
from measuring import BenchmarkError, Measured, cores, measure

SERVER_SAID_NO = 8  # wget's exit code for an error response
DIFFERENT = 1  # diff's
WITHOUT_PROXY = "--no-proxy"


@dataclass(frozen=True, slots=True)
class Script:
    """The three steps of a first pass, measured."""

    wget: Measured
    trafilatura: Measured
    diff: Measured

    @property
    def seconds(self) -> float:
        """Of all three."""
        return self.wget.seconds + self.trafilatura.seconds + self.diff.seconds


def missing() -> str:
    """Why the peers can't be run; "" where they can."""
    if shutil.which("wget") is None:
        return "there is no wget (apt-get install wget)"
    return "" if _trafilatura().exists() else "there is no trafilatura command beside this Python"


def first_pass(collection: Collection, folder: Path) -> Script:
    """Fetch and archive every page, extract it, hold it against the stored copy; keeps `folder`/first.cdx.

    Raises:
        BenchmarkError: a step failed, or extracted next to nothing.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "texts").mkdir(parents=True)
    write_stored_texts(collection, folder / "stored")
    wget = archive(collection, folder)
    # --keep-dirs keeps names in the directory it is started in, and only there.
    read = [str(_trafilatura()), "--input-dir", ".", "--output-dir", "../texts", "--keep-dirs"]
    extracted = measure([*read, "--parallel", str(cores())], folder=folder / "pages")
    made = sum(1 for _ in (folder / "texts").glob("*.txt"))
    if made < 0.9 * len(collection.urls):
        raise BenchmarkError(f"trafilatura made {made} texts of {len(collection.urls)} pages; the comparison is void")
    compared = measure(["diff", "-r", "stored", "texts"], folder=folder, accept=(0, DIFFERENT))
    return Script(wget, extracted, compared)


def archive(collection: Collection, folder: Path) -> Measured:
    """The first step of a first pass by itself: every page fetched into `folder`, which must be there.

    Raises:
        BenchmarkError: it failed.
    """
    urls = str(collection.folder.resolve() / "urls.txt")
    ask = ["wget", "-q", WITHOUT_PROXY, "-i", urls, "-nd", "-P", "pages", "--warc-file=first", "--warc-cdx"]
    return measure(ask, folder=folder, accept=(0, SERVER_SAID_NO))


def second_pass(collection: Collection, folder: Path) -> Measured:
    """The list again, what is unchanged as revisit records; nothing is extracted or compared.

    Raises:
        BenchmarkError: it failed.
    """
    urls = str(collection.folder.resolve() / "urls.txt")
    ask = ["wget", "-q", WITHOUT_PROXY, "-i", urls, "-O", "/dev/null", "--warc-file=second", "--warc-cdx"]
    return measure([*ask, "--warc-dedup=first.cdx"], folder=folder, accept=(0, SERVER_SAID_NO))


def _trafilatura() -> Path:
    return Path(sys.executable).with_name("trafilatura")
