"""Whether a page owns up to having been changed: notices and times of updates, in several languages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verdict_cases import CHINESE, ENGLISH, GERMAN, article, html, in_site, stored

from preserve.extract import extract_page
from preserve.model import Admission, AdmissionKind, Extraction, StoredCopy
from preserve.text import block_digest, fold
from preserve.verdict import Before, find_admission
from preserve.verdict.admission import TEXT_LONGEST

JAPANESE = (
    "港の古い灯台が来月から一般に公開されることになり、市の担当者が金曜日に日程を発表しました。",
    "灯台は百二十年前に石で建てられ、長いあいだ漁船の目印として夜ごとに光を送ってきました。",
    "見学は一日に四十人までで、案内は地元の高校生たちが交代で務めることになっています。",
)
SPANISH = (
    "El viejo molino de la ribera volverá a abrir sus puertas en primavera, anunció el martes la cooperativa.",
    "La rueda se detuvo hace once años, cuando una crecida arrancó la compuerta y anegó el almacén de grano.",
    "Los vecinos han reunido dinero con rifas y meriendas, y un carpintero del valle ha tallado las nuevas palas.",
)


def page(texts: tuple[str, ...], *, above: str = "", below: str = "", head: str = "") -> Extraction:
    """An article in a site, with markup above its first paragraph and below its last."""
    content = article("A headline of ours", texts, extra=below)
    content = content.replace("</h1>", f"</h1>{above}", 1)
    body = html("A headline of ours", in_site(content), head=head)
    return extract_page(body, content_type="text/html; charset=utf-8", url="http://paper.example/a")


def copy_of(texts: tuple[str, ...], date: str = "2019-05-02") -> StoredCopy:
    return replace(stored(texts=texts), date=date)


def meta(name: str, value: str) -> str:
    return f'<meta property="article:{name}_time" content="{value}">'


NOTICES = [
    (ENGLISH, "Correction, 2 November: an earlier version gave the wrong number of girders."),
    (ENGLISH, "CORRECTION: The ferry company has one boat, not two."),
    (ENGLISH, "Clarification — The council asked for help in April."),
    (ENGLISH, "Update (14:30): the mayor has since replied."),
    (ENGLISH, "Updated 3 May 2019: added a comment from the council."),
    (ENGLISH, "Editor's note: we have corrected the cost of the repairs."),
    (ENGLISH, "This article was amended on 4 May 2019 because it misnamed the yard."),
    (ENGLISH, "*An earlier version of this story misstated when the bridge will close."),
    (GERMAN, "Korrektur: Der Webstuhl stammt von 1911, nicht von 1901."),
    (GERMAN, "Berichtigung vom 3. Mai: Die Zahl der Besucher war falsch."),
    (GERMAN, "Anm. d. Red.: Wir haben die Zahl der Besucher korrigiert."),
    (GERMAN, "In einer früheren Fassung hieß es, das Dach sei fertig. Das war falsch."),
    (SPANISH, "Corrección: la rueda se detuvo hace once años, no hace diez."),
    (SPANISH, "Una versión anterior de esta noticia daba otra fecha de apertura."),
    (ENGLISH, "Rectificatif : le prix des travaux était faux."),
    (ENGLISH, "Исправление: мост закроют в понедельник, а не во вторник."),
    (ENGLISH, "Исправлено 4 мая 2019 года: уточнена стоимость работ."),
    (ENGLISH, "정정: 다리는 월요일에 닫힙니다."),
    (CHINESE, "更正：书店开了三十一年，不是三十年。"),
    (CHINESE, "【更正】书店开了三十一年。"),
    (CHINESE, "勘误：第二段中的册数有误，已改正。"),
    (CHINESE, "编者按：本文有误，现已修改。"),
    (CHINESE, "本文已于五月三日修改，补充了镇政府的回应。"),
    (CHINESE, "編按：上一版數字有誤，已更正。"),
    (JAPANESE, "【訂正】見学できる人数に誤りがありました。"),
    (JAPANESE, "お詫びと訂正：公開の日程が誤っていました。"),
    (JAPANESE, "※内容の一部を修正いたしました。"),
]


@pytest.mark.parametrize(("texts", "notice"), NOTICES, ids=[notice[:24] for _, notice in NOTICES])
@pytest.mark.parametrize("place", ["above", "below"])
def test_a_new_notice_is_an_admission(texts: tuple[str, ...], notice: str, place: str) -> None:
    seen = page(texts, **{place: f"<p>{notice}</p>"})
    wanted = Admission(AdmissionKind.NOTICE, notice)

    assert find_admission(seen, Before(copy_of(texts))) == wanted
    assert find_admission(seen, Before(copy_of(texts), page(texts))) == wanted


@pytest.mark.parametrize(("texts", "notice"), NOTICES[::5], ids=[notice[:24] for _, notice in NOTICES[::5]])
def test_a_notice_that_was_there_before_is_none(texts: tuple[str, ...], notice: str) -> None:
    seen = page(texts, below=f"<p>{notice}</p>")

    assert find_admission(seen, Before(copy_of((*texts, notice)))) is None
    assert find_admission(seen, Before(copy_of(texts), seen)) is None


@pytest.mark.parametrize("texts", [ENGLISH, GERMAN, SPANISH, CHINESE, JAPANESE], ids=lambda texts: texts[0][:10])
def test_an_article_without_notice_and_time_is_silent(texts: tuple[str, ...]) -> None:
    assert find_admission(page(texts), Before(copy_of(texts))) is None
    assert find_admission(page(texts), Before(copy_of(texts), page(texts[:-1]))) is None


NO_NOTICES = [
    "Corrections to the plan are expected in the spring, the council said, and nobody is surprised.",
    "Update your browser to read on.",
    "Correction officers went on strike at the harbour prison, their union said on Thursday evening.",
    "Editor's note: this is the third part of our series about bridges.",
    "Correction? If you found an error, write to us at desk@paper.example.",
    "Aktualisierungen des Fahrplans gibt es im Hafenbüro, teilte der Verein mit.",
    "编者按：这是本系列的第三篇。",
    "欢迎指正：电话在页面下方。",
    "修正主義をめぐる討論会が市民会館で開かれ、多くの人が参加しました。",
    "更新的设备下个月运到，镇上的人都在等。",
]


@pytest.mark.parametrize("text", NO_NOTICES, ids=lambda text: text[:20])
def test_what_only_begins_alike_is_no_notice(text: str) -> None:
    assert find_admission(page(ENGLISH, below=f"<p>{text}</p>"), Before(copy_of(ENGLISH))) is None


def test_a_heading_and_what_it_heads_are_one_notice() -> None:
    below = "<h3>Correction</h3><p>The bridge has eleven girders, not twelve.</p>"
    found = find_admission(page(ENGLISH, below=below), Before(copy_of(ENGLISH)))
    assert found == Admission(AdmissionKind.NOTICE, "Correction: The bridge has eleven girders, not twelve.")


def test_an_editors_note_is_one_where_it_came_with_the_change() -> None:
    note = "<p>Editor's note: the ferry company is a sponsor of this paper.</p>"
    seen = page(ENGLISH, below=note)
    assert find_admission(seen, Before(copy_of(ENGLISH))) is None
    assert find_admission(seen, Before(copy_of(ENGLISH), page(ENGLISH))) is not None


def test_a_notice_dated_before_the_copy_does_not_speak_of_its_change() -> None:
    seen = page(ENGLISH, below="<p>Correction, 3 May 2019: the yard is in Gdansk.</p>")
    assert find_admission(seen, Before(copy_of(ENGLISH, "2019-06-01"))) is None
    assert find_admission(seen, Before(copy_of(ENGLISH, "2019-05-03"))) is not None


@pytest.mark.parametrize(
    "around",
    [
        "<footer><p>Correction: the tide table was wrong.</p></footer>",
        '<nav><p><a href="/c">Correction: the tide table was wrong.</a></p></nav>',
        '<p><a href="/c">Correction: the tide table was wrong.</a></p>',
    ],
    ids=["footer", "navigation", "link"],
)
def test_a_notice_about_something_else_is_none(around: str) -> None:
    assert find_admission(page(ENGLISH, below=around), Before(copy_of(ENGLISH))) is None


def test_a_notice_far_from_the_article_is_none() -> None:
    between = "".join(f"<p>Teaser number {at} about the tides and the terns of the coast.</p>" for at in range(20))
    texts = (*ENGLISH, "Correction: the tide table was wrong.")
    seen = page(ENGLISH, below=between + f"<p>{texts[-1]}</p>")
    apart = replace(seen, main=seen.main[: len(ENGLISH)])
    assert find_admission(apart, Before(copy_of(ENGLISH))) is None


def test_a_notice_that_the_host_has_on_its_pages_is_none() -> None:
    notice = "Corrections: we print them on Saturdays."
    seen = page(ENGLISH, below=f"<p>{notice}</p>")
    assert find_admission(seen, Before(copy_of(ENGLISH))) is not None
    assert find_admission(seen, Before(copy_of(ENGLISH)), template=frozenset({block_digest(fold(notice))})) is None


TIMES = [
    "Updated 20 May 2019",
    "Last updated: May 20, 2019, 10:30 am",
    "Updated 10:30 am EST, Monday, May 20, 2019",
    "Published 2 May 2019 · Updated 20 May 2019",
    "Updated on 05/20/2019",
    "Last modified on 2019-05-20",
    "Aktualisiert am 20.05.2019, 10:30 Uhr",
    "Stand: 20. Mai 2019",
    "Zuletzt geändert am 20.5.19",
    "Mis à jour le 20 mai 2019 à 10h30",
    "Actualizado el 20 de mayo de 2019",
    "Обновлено: 20 мая 2019",
    "更新时间：2019-05-20 10:30",
    "最后更新于2019年5月20日",
    "最終更新日：2019年5月20日",
    "수정 2019.05.20 10:30",
]


@pytest.mark.parametrize("line", TIMES)
def test_a_later_time_of_update_is_an_admission(line: str) -> None:
    seen = page(ENGLISH, above=f"<p>{line}</p>")
    wanted = Admission(AdmissionKind.UPDATED_TIME, line)

    assert find_admission(seen, Before(copy_of(ENGLISH, "2019-05-02"))) == wanted
    assert find_admission(seen, Before(copy_of(ENGLISH, "2019-05-20"))) is None
    assert find_admission(seen, Before(copy_of(ENGLISH, "2020-01-01"))) is None
    assert find_admission(seen, Before(copy_of(ENGLISH, ""))) is None
    assert find_admission(seen, Before(copy_of(ENGLISH, "2020-01-01"), page(ENGLISH))) == wanted
    assert find_admission(seen, Before(copy_of(ENGLISH, "2019-05-02"), seen)) is None


def test_a_date_with_two_readings_is_held_to_the_earlier() -> None:
    seen = page(ENGLISH, above="<p>Updated: 03/06/2019</p>")
    assert find_admission(seen, Before(copy_of(ENGLISH, "2019-03-07"))) is None
    assert find_admission(seen, Before(copy_of(ENGLISH, "2019-03-01"))) is not None


@pytest.mark.parametrize(
    "line",
    ["Updated 3 hours ago", "Aktualisiert vor 2 Stunden", "更新：刚刚", "Updated: just now", "Updated 99/99/2019"],
)
def test_a_time_without_a_date_is_no_admission(line: str) -> None:
    assert find_admission(page(ENGLISH, above=f"<p>{line}</p>"), Before(copy_of(ENGLISH), page(ENGLISH))) is None


def test_a_later_modified_time_in_the_markup_is_an_admission() -> None:
    seen = page(ENGLISH, head=meta("published", "2019-05-02T08:00:00Z") + meta("modified", "2019-05-20T08:00:00Z"))
    wanted = Admission(AdmissionKind.UPDATED_TIME, "modified 2019-05-20T08:00:00Z")

    assert find_admission(seen, Before(copy_of(ENGLISH))) == wanted
    assert find_admission(seen, Before(copy_of(ENGLISH, "2019-05-20"))) is None
    assert find_admission(seen, Before(copy_of(ENGLISH, "2018-01-01"))) == wanted


def test_modified_on_the_day_of_publication_is_no_admission_to_a_copy_of_that_day() -> None:
    seen = page(ENGLISH, head=meta("published", "2019-05-02T08:00:00Z") + meta("modified", "2019-05-02T08:20:00Z"))
    assert find_admission(seen, Before(copy_of(ENGLISH, "2019-05-02"))) is None
    assert find_admission(seen, Before(copy_of(ENGLISH, "2018-01-01"))) is None


def test_modified_is_held_against_that_of_the_earlier_capture() -> None:
    old = page(ENGLISH, head=meta("modified", "2019-05-20T08:00:00+02:00"))
    same = page(ENGLISH, head=meta("modified", "2019-05-20T06:00:00Z"))
    later = page(ENGLISH, head=meta("modified", "2019-05-20T06:00:01Z"))

    assert find_admission(same, Before(copy_of(ENGLISH), old)) is None
    assert find_admission(later, Before(copy_of(ENGLISH, "2020-01-01"), old)) is not None
    assert find_admission(later, Before(copy_of(ENGLISH), page(ENGLISH))) is not None


def test_a_notice_comes_before_a_time_and_a_long_one_is_cut() -> None:
    notice = "Correction: " + "the bridge has eleven girders, " * 20
    seen = page(ENGLISH, above="<p>Updated 20 May 2019</p>", below=f"<p>{notice}</p>")
    found = find_admission(seen, Before(copy_of(ENGLISH)))
    assert found is not None
    assert found.kind is AdmissionKind.NOTICE
    assert len(found.text) <= TEXT_LONGEST
    assert found.text.endswith("…")


@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=40))
def test_no_text_and_no_date_is_too_odd(text: str, modified: str, date: str) -> None:
    seen = page(ENGLISH[:2])
    odd = replace(seen, modified=modified, visible=(*seen.visible, replace(seen.visible[0], text=f"Updated {text}")))
    find_admission(odd, Before(copy_of(ENGLISH[:2], date)))
