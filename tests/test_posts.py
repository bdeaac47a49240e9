"""Posts are found once each; front matter is read as written, or refused with line and reason."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.errors import PostError
from preserve.posts import NotAPostError, find_posts, parse_post, read_post
from preserve.settings import PostSettings

OPTIONS = PostSettings()
PLAIN = (
    "---\ntitle: 渡口的早晨\ndate: 2021-03-04 05:06:07 +0800\nauthor: 林一\nfrom: https://ferry.test/a\n---\n\nText.\n"
)


def parse(text: str | bytes, **keys: object) -> object:
    return parse_post("p.md", text.encode() if isinstance(text, str) else text, PostSettings(**keys))  # type: ignore[arg-type]


# ---------------------------------------------------------------- dialects


def test_yaml_values_are_text_as_written() -> None:
    post = parse_post("p.md", PLAIN.encode(), OPTIONS)
    assert (post.title, post.author, post.date) == ("渡口的早晨", "林一", "2021-03-04 05:06:07 +0800")
    assert (post.source, post.source_key, post.source_line) == ("https://ferry.test/a", "from", 5)
    assert PLAIN.encode()[post.body_start :] == b"\nText.\n"
    assert post.digest == "sha256:" + hashlib.sha256(PLAIN.encode()).hexdigest()
    assert post.repaired == ""


@pytest.mark.parametrize("date", ["2021-02-30", "2021-99-99T99:99:99Z", "yes", "0x1F", "1_000"])
def test_what_yaml_would_guess_at_stays_text(date: str) -> None:
    assert parse(f"---\ntitle: no\ndate: {date}\n---\n").date == date  # type: ignore[attr-defined]


def test_toml_front_matter() -> None:
    post = parse_post(
        "p.md",
        b'+++\ntitle = "A"\ndate = 2020-01-02\ntags = ["x"]\n[params]\nsource = "http://a.test/"\n+++\nB',
        OPTIONS,
    )
    assert (post.title, post.date, post.tags, post.source) == ("A", "2020-01-02", ("x",), "http://a.test/")
    assert post.source_line == 6


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "A", "from": "http://a.test/"}\nB',
        ';;;\n"title": "A", "from": "http://a.test/"\n;;;\nB',
        "title: A\nfrom: http://a.test/\n---\nB",
        "\n\n---\ntitle: A\nfrom: http://a.test/\n...\nB",
        "---\nTitle: A\nFrom: http://a.test/\n---\nB",
    ],
)
def test_other_dialects(text: str) -> None:
    post = parse_post("p.md", text.encode(), OPTIONS)
    assert (post.title, post.source) == ("A", "http://a.test/")
    assert text.encode()[post.body_start :] == b"B"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_line_ends_and_byte_order_marks(newline: str, encoding: str) -> None:
    data = PLAIN.replace("\n", newline).encode(encoding)
    post = parse_post("p.md", data, OPTIONS)
    assert (post.title, post.source, post.source_line) == ("渡口的早晨", "https://ferry.test/a", 5)
    assert data[post.body_start :].decode(post.encoding) == f"{newline}Text.{newline}"


# ---------------------------------------------------------------- the source


@pytest.mark.parametrize(
    ("lines", "source", "key"),
    [
        ("source: http://b.test/\nfrom: http://a.test/", "http://a.test/", "from"),
        ("from:\nsource_url: http://b.test/", "http://b.test/", "source_url"),
        ("source: Reuters\ncanonical_url: http://c.test/", "http://c.test/", "canonical_url"),
        ("from: Reuters", "Reuters", "from"),
        ("from: [Reuters, 'https://a.test/']", "https://a.test/", "from"),
        ("source:\n  name: Reuters\n  url: http://a.test/", "http://a.test/", "source"),
        ("from: ~", None, ""),
        ("from: http://a.test/1\nfrom: http://a.test/2", "http://a.test/2", "from"),
        ("from: http://a.test//b/%e4%b8%ad?x#y", "http://a.test//b/%e4%b8%ad?x#y", "from"),
    ],
)
def test_source_key(lines: str, source: str | None, key: str) -> None:
    post = parse_post("p.md", f"---\n{lines}\ntitle: T\n---\n".encode(), OPTIONS)
    assert (post.source, post.source_key) == (source, key)


def test_source_keys_are_configurable() -> None:
    settings = PostSettings(source_keys=("via",))
    post = parse_post("p.md", b"---\nfrom: http://a.test/\nvia: http://b.test/\n---\n", settings)
    assert post.source == "http://b.test/"


# ---------------------------------------------------------------- mending and refusing


@pytest.mark.parametrize(
    ("line", "title"),
    [
        (r'title: "水平\智力\问题"', r"水平\智力\问题"),
        ('title: "He said "hi" to me"', 'He said "hi" to me'),
        ("title: 'It's late'", "It's late"),
        ("title: Rain: a history", "Rain: a history"),
        ("title: [Update] Rain", "[Update] Rain"),
        ("title: [Update]", "[Update]"),
        ("title: @home", "@home"),
        ("title: `code` first", "`code` first"),
        ("title: %d percent", "%d percent"),
    ],
)
def test_broken_quoting_of_a_title_is_mended_and_said(line: str, title: str) -> None:
    post = parse_post("p.md", f"---\n{line}\nfrom: http://a.test/\n---\n".encode(), OPTIONS)
    assert (post.title, post.source) == (title, "http://a.test/")
    assert "title" in post.repaired


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"---\ntitle: A\n\tfrom: b\n---\n", 3, "not valid YAML"),
        (b"---\ntitle: A\nfrom: http://a.test/\nText", 1, "add a line ---"),
        (b"---\ntitle: A\xff\n---\n", 2, "byte 12 (0xff)"),
        (b"---\ntitle: A\n---\nText\n\xe4\xb8\n", 5, "convert the file to UTF-8"),
        (b"---\ntitle: A\nfrom: a\0b\n---\n", 3, "NUL"),
        (b"---\n- a\n- b\n---\n", 2, "key: value"),
        (b'+++\na = 1\ntitle = "x\n+++\n', 3, "not valid TOML"),
        (b'{"title": "A",\n "from": }\n', 2, "not valid JSON"),
        (b"---\n" + b"a: b\n" * 2_000_000 + b"---\n", 1, "longer than 256 KiB"),
        (b"---\nk:\n  " + b"- " * 50_000 + b"\n---\n", 2, "nested too deep"),
        (b"---\nk:\n  " + b"[" * 50_000 + b"\n---\n", 2, "nested too deep"),
        (b'{"a":' + b"[" * 50_000, 1, "nested too deep"),
        (b"+++\na = " + b"[" * 50_000 + b"\n+++\n", 2, "TOML"),
    ],
)
def test_what_cannot_be_read_is_named_by_line_and_reason(data: bytes, line: int, says: str) -> None:
    with pytest.raises(PostError, match=r"^p\.md:") as caught:
        parse_post("p.md", data, OPTIONS)
    assert caught.value.line == line
    assert says in caught.value.why


def test_a_bomb_of_aliases_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 30)]
    text = "---\n" + "\n".join(lines) + "\ntags: *a29\ntitle: T\nfrom: http://a.test/\n---\n"
    post = parse_post("p.md", text.encode(), OPTIONS)
    assert (post.title, post.tags) == ("T", ())


def test_tags_build_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "made"
    text = f"---\ntitle: !!python/object/apply:os.mkdir ['{mark}']\nfrom: http://a.test/\n---\n"
    parse_post("p.md", text.encode(), OPTIONS)
    assert not mark.exists()


@pytest.mark.parametrize("text", ["", "# Notes\n\nText\n", "Note: read this\n---\nText", "\0\1\2", "word"])
def test_a_file_without_front_matter_is_not_a_post(text: str) -> None:
    with pytest.raises(NotAPostError, match="no front matter"):
        parse_post("README.md", text.encode(), OPTIONS)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"---\n", b"+++\n", b"{", b"---\ntitle: ", b"\xff\xfe"]))
def test_any_bytes_are_a_post_or_a_post_error(data: bytes, head: bytes) -> None:
    whole = head + data
    for candidate in (whole, whole + b"\n---\n", whole + b"\n+++\n"):
        try:
            post = parse_post("p.md", candidate, OPTIONS)
        except PostError:
            continue
        assert 0 < post.body_start <= len(candidate)


@settings(max_examples=80, deadline=None)
@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp"), exclude_characters="\ufeff\ufffe\uffff")
    )
)
def test_a_quoted_title_comes_back(title: str) -> None:
    quoted = title.replace("\\", "\\\\").replace('"', '\\"')
    post = parse_post("p.md", f'---\ntitle: "{quoted}"\nfrom: http://a.test/\n---\n'.encode(), OPTIONS)
    assert post.title == ("" if title in {"", "~", "null", "Null", "NULL"} else title.strip())


# ---------------------------------------------------------------- finding


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(PLAIN, "utf-8")


def found(*arguments: object) -> list[str]:
    return list(find_posts([str(argument) for argument in arguments], OPTIONS))


def test_directories_are_walked_in_order_and_furniture_is_passed_over(tmp_path: Path) -> None:
    make(
        tmp_path,
        "b.md",
        "a/z.markdown",
        "a/y.HTML",
        "c.txt",
        ".git/x.md",
        "_site/x.html",
        "node_modules/r.md",
        ".x.md",
    )
    assert [os.path.relpath(path, tmp_path) for path in found(tmp_path)] == [
        "a/y.HTML",
        "a/z.markdown",
        "b.md",
    ]


def test_each_file_once_however_it_is_named(tmp_path: Path) -> None:
    make(tmp_path, "d/a.md", "d/b.md", "e/c.md")
    (tmp_path / "d/loop").symlink_to(tmp_path)
    (tmp_path / "e/again.md").symlink_to(tmp_path / "d/a.md")
    names = [Path(path).name for path in found(tmp_path / "d/b.md", tmp_path, tmp_path / "d", tmp_path / "e/c.md")]
    assert sorted(names) == ["a.md", "b.md", "c.md"]


def test_a_path_stays_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "d/a.md", "x/new\nline.md")
    monkeypatch.chdir(tmp_path / "d")
    assert found("../d/a.md", "../x") == ["../d/a.md", "../x/new\nline.md"]
    assert read_post("../x/new\nline.md", OPTIONS).title == "渡口的早晨"


def test_a_name_that_is_no_utf8_is_found_and_read(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xb2\xe2.md"
    try:
        Path(os.fsdecode(path)).write_bytes(PLAIN.encode())
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert [os.fsencode(name) for name in found(tmp_path)] == [path]
    assert read_post(os.fsdecode(path), OPTIONS).source == "https://ferry.test/a"


def test_a_missing_argument_is_refused_before_anything_is_found(tmp_path: Path) -> None:
    make(tmp_path, "a.md")
    with pytest.raises(PostError, match="No such file"):
        find_posts([str(tmp_path / "a.md"), str(tmp_path / "nope")], OPTIONS)


def test_what_cannot_be_read_is_found_and_then_named(tmp_path: Path) -> None:
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.md")
    assert len(found(tmp_path)) == 2
    with pytest.raises(PostError, match="can't be opened"):
        read_post(str(tmp_path / "gone.md"), OPTIONS)
    with pytest.raises(PostError, match="not a regular file"):
        read_post(str(tmp_path / "pipe.md"), OPTIONS)
    with pytest.raises(PostError, match="not a regular file"):
        read_post(str(tmp_path), OPTIONS)
