"""The configuration file: every option reachable, every mistake named by file and key."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from preserve.config import OPTIONS, Overrides, default_config_text, load_settings, parse_size, with_overrides
from preserve.errors import ConfigError
from preserve.settings import MIB, DigestAlgorithm, Settings


def write(directory: Path, text: str, name: str = "preserve.toml") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text(text, "utf-8")
    return path


def load(directory: Path, text: str) -> Settings:
    return load_settings(write(directory, text), directory)


def test_every_field_of_the_settings_is_an_option() -> None:
    known = {
        (table.name, field.name) for table in fields(Settings) for field in fields(getattr(Settings(), table.name))
    }
    assert {(option.table, option.field) for option in OPTIONS} == known
    assert len(OPTIONS) == len(known)


def test_the_text_of_init_shows_every_option_with_its_default(tmp_path: Path) -> None:
    text = default_config_text()
    assert load(tmp_path / "as-written", text) == Settings()
    bare = re.sub(r"^#(?=[a-z])", "", text, flags=re.M)
    assert load(tmp_path / "uncommented", bare) == Settings()
    assert len(re.findall(r"^[a-z][a-z-]* = ", bare, re.M)) == len(OPTIONS)


def test_values_are_read_in_the_ways_people_write_them(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        [posts]
        source-keys = ["via"]
        set-aside = { donation = 'Support us.*' }
        [fetch]
        delay = 2
        total-timeout = "5m"
        max-body-bytes = "1MiB"
        allow-private = ["127.0.0.0/8", "::1"]
        ignore-robots = true
        [archive]
        digest = "sha1"
        roll-over = 1000000
        [run]
        older-than = "7d"
        incident-share = 1
        """,
    )
    assert settings.posts.source_keys == ("via",)
    assert settings.posts.set_aside == (("donation", "Support us.*"),)
    assert (settings.fetch.delay, settings.fetch.total_timeout) == (2.0, 300.0)
    assert settings.fetch.max_body_bytes == MIB
    assert settings.fetch.allow_private == ("127.0.0.0/8", "::1")
    assert settings.fetch.ignore_robots
    assert settings.archive.digest is DigestAlgorithm.SHA1
    assert settings.archive.roll_over == 1_000_000
    assert (settings.run.older_than, settings.run.incident_share) == (604800.0, 1.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[fetch]\ndealy = 1", r"unknown key fetch\.dealy: did you mean delay\?"),
        ("[fetch]\njobs = 1", r"unknown key fetch\.jobs: did you mean jobs in \[run\]\?"),
        ("[fetch]\nmax_redirects = 1", r"did you mean max-redirects in \[fetch\]\?"),
        ("delay = 1", r"unknown key delay: did you mean delay in \[fetch\]\?"),
        ("[fetsh]\ndelay = 1", r"unknown table \[fetsh\]: did you mean \[fetch\]\?"),
        ("fetch = 1", r"fetch is not a table"),
        ("[fetch]\ndelay = '1 fortnight'", r"fetch\.delay: .*not a duration"),
        ("[fetch]\ndelay = -1", r"fetch\.delay: must be a number of seconds"),
        ("[fetch]\ndelay = nan", r"fetch\.delay: must be"),
        ("[fetch]\ndelay = true", r"fetch\.delay: must be .*, not true"),
        ("[fetch]\ntries = 0", r"fetch\.tries: must be a whole number, 1 or more, not 0"),
        ("[fetch]\nread-timeout = 0", r"fetch\.read-timeout: must not be zero"),
        ("[fetch]\nmax-body-bytes = '1 elephant'", r"not a size"),
        ("[fetch]\nallow-private = ['10.0.0.1/8']", r"not a network.*127\.0\.0\.0/8"),
        ("[fetch]\nallow-private = '10.0.0.0/8'", r"must be a list of networks"),
        ("[fetch]\nignore-robots = 'yes'", r"must be true or false"),
        ("[posts]\nsource-keys = []", r"posts\.source-keys: must not be empty"),
        ("[posts]\nset-aside = { x = '(' }", r"x: not a regular expression"),
        ("[archive]\ndigest = 'md5'", r"must be one of"),
        ("[archive]\ndigest = ['md5']", r"must be one of"),
        ("[archive]\ntimestamp-urls = 'https://time.example'", r"timestamp-urls: must be a list of http or https URLs"),
        ("[archive]\ntimestamp-urls = ['time.example']", r"'time\.example': the URL has no scheme"),
        ("[archive]\ncalendar-urls = ['https://me:pw@time.example']", r"user or password can't be used here$"),
        ("[run]\nincident-share = 1.5", r"must be a number from 0 to 1"),
        ("[run]\njobs = \n[fetch]", r"not valid TOML.*line 2"),
    ],
)
def test_a_mistake_is_named_by_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "preserve.toml"))


def test_a_missing_file_is_an_error_only_when_it_was_named(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert load_settings(None, tmp_path) == Settings()
    with pytest.raises(ConfigError, match="preserve init"):
        load_settings(tmp_path / "nope.toml", tmp_path)


def test_bytes_that_are_no_utf8_are_named(tmp_path: Path) -> None:
    path = tmp_path / "preserve.toml"
    path.write_bytes(b"[fetch]\n# \xff")
    with pytest.raises(ConfigError, match="byte 10"):
        load_settings(path, tmp_path)


def test_the_file_is_looked_for_upward_as_far_as_the_repository(tmp_path: Path) -> None:
    write(tmp_path, "[run]\njobs = 1")
    write(tmp_path / "repo", "[run]\njobs = 2")
    (tmp_path / "repo/.git").mkdir()
    (tmp_path / "repo/a/b").mkdir(parents=True)
    (tmp_path / "other/.git").mkdir(parents=True)
    found = load_settings(None, tmp_path / "repo/a/b")
    assert found.run.jobs == 2
    assert found.archive.directory == str(tmp_path / "repo/warcs")
    assert load_settings(None, tmp_path / "repo").archive.directory == "warcs"
    assert load_settings(None, tmp_path / "other").run.jobs == Settings().run.jobs


def test_root_certificates_are_looked_for_beside_the_file_that_names_them(tmp_path: Path) -> None:
    text = "[archive]\ntimestamp-roots = ['trust/tsa.pem', '/etc/tsa.pem', '~/tsa.pem']"
    found = load(tmp_path / "repo", text).archive.timestamp_roots
    assert found == (str(tmp_path / "repo/trust/tsa.pem"), "/etc/tsa.pem", "~/tsa.pem")


def test_pyproject_has_the_same_tables(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    path = write(tmp_path, "[project]\nname = 'x'\n[tool.preserve.run]\njobs = 3", "pyproject.toml")
    assert load_settings(None, tmp_path).run.jobs == 3
    write(tmp_path, "[tool.preserve.run]\njbos = 3", "pyproject.toml")
    with pytest.raises(ConfigError, match=r"tool\.preserve\.run\.jbos: did you mean jobs\?"):
        load_settings(None, tmp_path)
    write(tmp_path, "[project]\nname = 'x'", "pyproject.toml")
    assert load_settings(None, tmp_path) == Settings()
    with pytest.raises(ConfigError, match=r"no table \[tool\.preserve\]"):
        load_settings(path, tmp_path)


def test_the_command_line_has_the_last_word(tmp_path: Path) -> None:
    settings = load(tmp_path, "[fetch]\ndelay = 5\nallow-private = ['10.0.0.0/8']\n[run]\njobs = 2")
    assert with_overrides(settings, Overrides()) == settings
    changed = with_overrides(
        settings,
        Overrides(
            archive="w",
            jobs=4,
            delay=0,
            timeout=3,
            older_than=60,
            proxy="http://p.test:1",
            limit=7,
            allow_private=("127.0.0.0/8",),
            ignore_robots=True,
        ),
    )
    assert changed.archive.directory == "w"
    assert (changed.run.jobs, changed.run.older_than, changed.run.limit) == (4, 60.0, 7)
    assert (changed.fetch.delay, changed.fetch.connect_timeout, changed.fetch.read_timeout) == (0.0, 3.0, 3.0)
    assert changed.fetch.allow_private == ("10.0.0.0/8", "127.0.0.0/8")
    assert (changed.fetch.proxy, changed.fetch.ignore_robots) == ("http://p.test:1", True)


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (Overrides(jobs=0), "--jobs: must be a whole number, 1 or more"),
        (Overrides(timeout=0), "--timeout: must not be zero"),
        (Overrides(allow_private=("here",)), "--allow-private: 'here' is not a network"),
        (Overrides(archive=""), "--archive: must not be empty"),
    ],
)
def test_a_bad_option_is_named(overrides: Overrides, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        with_overrides(Settings(), overrides)


@pytest.mark.parametrize(
    ("text", "size"), [("64MiB", 64 * MIB), ("1kb", 1000), ("2 GiB", 2 << 30), ("17", 17), ("1.5k", 1500)]
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size
