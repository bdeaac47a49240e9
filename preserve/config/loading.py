"""Finding and reading the configuration file, and laying the command line over it."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from preserve.config.options import OPTIONS, TABLES
from preserve.config.values import convert
from preserve.errors import ConfigError
from preserve.settings import Settings

FILE_NAME = "preserve.toml"
PYPROJECT = "pyproject.toml"


def load_settings(config_file: Path | None, cwd: Path, overrides: Overrides | None = None) -> Settings:
    """The settings of a configuration file, the defaults where there is none, and `overrides` on top.

    `config_file` is the one the user named. Without one, `preserve.toml`, or a `pyproject.toml` with
    `[tool.preserve]`, is looked for in `cwd` and upward, as far as the directory that holds `.git`. A
    relative archive directory, signing key or root certificate in a file is relative to that file; so is the default
    archive where the file was found in a parent, or a run from a subdirectory would begin a second one.

    Raises ConfigError, naming file and key, for a file that is missing or no TOML, an unknown key, or a value
    that can't be used.
    """
    settings = _from_file(config_file, cwd) if config_file is not None else _search(cwd)
    return with_overrides(settings, overrides) if overrides is not None else settings


def _from_file(config_file: Path, cwd: Path) -> Settings:
    table = _read_table(config_file)
    if table is None:
        raise ConfigError(f"{config_file}: has no table [tool.preserve]: add it, or name a {FILE_NAME}")
    found = _build(table, config_file)
    given = found.archive.directory != Settings().archive.directory
    return _anchored(found, config_file.parent, cwd) if given else found


def _search(cwd: Path) -> Settings:
    for directory in (cwd, *cwd.parents):
        for path in (directory / FILE_NAME, directory / PYPROJECT):
            table = _read_table(path) if path.is_file() else None
            if table is not None:
                return _anchored(_build(table, path), directory, cwd)
        if (directory / ".git").exists():
            break
    return Settings()


def _anchored(settings: Settings, base: Path, cwd: Path) -> Settings:
    """The archive directory as seen from `cwd`, where it was written as seen from `base`."""
    if base == cwd or base == Path():
        return settings
    directory = str(base / settings.archive.directory)
    return replace(settings, archive=replace(settings.archive, directory=directory))


def _read_table(path: Path) -> object:
    """The file's tables; of a `pyproject.toml` what is below `[tool.preserve]`, None without one."""
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        advice = "name a file that can be read, or write one with `preserve init`"
        raise ConfigError(f"{path}: {error.strerror}: {advice}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}: convert the file to UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    if path.name != PYPROJECT:
        return content
    tool = content.get("tool")
    return tool.get("preserve") if isinstance(tool, dict) else None


def _build(content: object, path: Path) -> Settings:
    """Settings from the file's tables, every key checked."""
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: tool.preserve is not a table: write it as [tool.preserve.fetch] and so on")
    prefix = "tool.preserve." if path.name == PYPROJECT else ""
    values: dict[str, dict[str, Any]] = {table: {} for table in TABLES}
    for name, table in content.items():
        if name not in TABLES:
            raise ConfigError(f"{path}: unknown {_unknown_table(prefix, name, table)}")
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {prefix}{name} is not a table: write [{prefix}{name}] and its keys below it")
        options = {option.key: option for option in OPTIONS if option.table == name}
        for key, value in table.items():
            if key not in options:
                raise ConfigError(f"{path}: unknown key {prefix}{name}.{key}: {_nearest(key, name)}")
            where = f"{path}: {prefix}{name}.{key}"
            values[name][options[key].field] = convert(options[key], value, where)
    archive = values["archive"]
    if key := archive.get("signing_key"):
        archive["signing_key"] = _beside(path, key)
    archive["timestamp_roots"] = tuple(_beside(path, file) for file in archive.get("timestamp_roots", ()))
    defaults = Settings()
    return replace(defaults, **{table: replace(getattr(defaults, table), **given) for table, given in values.items()})


def _beside(path: Path, file: str) -> str:
    """A file that is named in the configuration at `path`, as seen from here; in the user's own directory as it is."""
    return file if file.startswith("~/") else str(path.parent / file)


def _unknown_table(prefix: str, name: str, value: object) -> str:
    if isinstance(value, dict):
        near = difflib.get_close_matches(name, TABLES, n=1)
        known = ", ".join(f"[{prefix}{table}]" for table in TABLES)
        return f"table [{prefix}{name}]: " + (f"did you mean [{prefix}{near[0]}]?" if near else f"known are {known}")
    return f"key {prefix}{name}: {_nearest(name, '')}"


def _nearest(key: str, table: str) -> str:
    """What an unknown key of `table` may have meant; another table's key of that name goes first."""
    plain = key.replace("_", "-")
    elsewhere = [option for option in OPTIONS if option.key == plain]
    if elsewhere:
        return f"did you mean {elsewhere[0].key} in [{elsewhere[0].table}]?"
    pool = [option for option in OPTIONS if table in ("", option.table)]
    near = difflib.get_close_matches(plain, [option.key for option in pool], n=1, cutoff=0.5)
    if near:
        option = next(option for option in pool if option.key == near[0])
        return f"did you mean {option.key}?" if table else f"did you mean {option.key} in [{option.table}]?"
    return "known are " + ", ".join(option.key for option in pool)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says; None leaves the file's value.

    Attributes:
        archive: the archive directory.
        jobs: hosts asked at the same time.
        delay, timeout, older_than: seconds; `timeout` bounds each wait, to connect and to read.
        proxy: URL of the proxy for every request.
        allow_private: networks that may be asked besides those of the file; None and () add none.
        ignore_robots: True asks although robots.txt says no.
        limit: at most this many posts.
        dask: where Dask's workers are.
    """

    archive: str | None = None
    jobs: int | None = None
    delay: float | None = None
    timeout: float | None = None
    older_than: float | None = None
    proxy: str | None = None
    allow_private: Sequence[str] | None = None
    ignore_robots: bool | None = None
    limit: int | None = None
    dask: str | None = None


def with_overrides(settings: Settings, overrides: Overrides) -> Settings:
    """The settings as the command line changes them.

    Raises ConfigError, naming the option, for a value the configuration file would not be allowed either.
    """
    networks = [*settings.fetch.allow_private, *(overrides.allow_private or ())]
    given: tuple[tuple[str, str, str, object], ...] = (
        ("--archive", "archive", "directory", overrides.archive),
        ("--jobs", "run", "jobs", overrides.jobs),
        ("--delay", "fetch", "delay", overrides.delay),
        ("--timeout", "fetch", "connect_timeout", overrides.timeout),
        ("--timeout", "fetch", "read_timeout", overrides.timeout),
        ("--older-than", "run", "older_than", overrides.older_than),
        ("--proxy", "fetch", "proxy", overrides.proxy),
        ("--allow-private", "fetch", "allow_private", list(dict.fromkeys(networks))),
        ("--ignore-robots", "fetch", "ignore_robots", overrides.ignore_robots),
        ("--limit", "run", "limit", overrides.limit),
        ("--dask", "run", "dask", overrides.dask),
    )
    for flag, table, name, value in given:
        if value is None:
            continue
        option = next(option for option in OPTIONS if (option.table, option.field) == (table, name))
        changed = replace(getattr(settings, table), **{name: convert(option, value, flag)})
        settings = replace(settings, **{table: changed})
    return settings
