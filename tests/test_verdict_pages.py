"""Small pages of our own, in many wordings and languages, against the verdict they deserve.

Most wordings here are in none of the word lists: what is tested is that a page's shape and its ideas carry the verdict.
"""

# ruff: noqa: E501 - a page is easier to read on one line
from __future__ import annotations

from typing import NamedTuple

import pytest
from verdict_cases import (
    CHINESE,
    ENGLISH,
    GERMAN,
    SOURCE,
    article,
    case,
    html,
    in_site,
    stored,
)

from preserve.model import Reason, Verdict
from preserve.verdict import judge

TITLE = "Harbour bridge closes to lorries"


class Page(NamedTuple):
    name: str
    body: bytes


def ids(page: Page) -> str:
    return page.name


WALLS = [
    Page("press-hold", html("Are you real?", "<h1>Press and keep pressing</h1><p>We like to know that a person, not a machine, wants to read this. Keep the pad pressed until the bar is full.</p><div id=pad></div><script src=/pad.js></script>")),
    Page("quick-look", html("One small thing", "<h1>One small thing first</h1><p>Something about this visit made us curious. Tick the square and we let you through.</p><form><input type=hidden name=tok value=9f2><input type=checkbox></form>")),
    Page("hang-on", html("paper.example", "<p>Hang on. We are looking at the connection from 203.0.113.9 before we let it in.</p><p>ID 8f11c0aa92</p><noscript>Turn scripting on.</noscript><script>go()</script>")),
    Page("flagged", html("Flagged", "<h1>This visit was flagged by our automated defences</h1><p>If you think this is a mistake, write to the webmaster and quote 77aa-1209.</p>")),
    Page("rate", html("Slow down, please", "<h1>Slow down, please</h1><p>We are getting more requests from you than any reader could make. Come back in ten minutes.</p>")),
    Page("waiting-room", html("Almost there", "<h1>Almost there...</h1><p>Your browser is being examined. This takes about five seconds and happens by itself.</p><div class=spinner></div><script>setTimeout(f,5e3)</script>")),
    Page("deny-plain", html("Access refused", "<h1>Access refused</h1><p>The firewall of this site does not like the way you came here.</p><p>Case 120-88-19</p>")),
    Page("german-person", html("Kurze Kontrolle", "<h1>Kurze Kontrolle</h1><p>Wir möchten sichergehen, dass hier kein Programm, sondern ein Mensch liest. Bitte bestätigen Sie das mit einem Klick.</p><button>Ich bin kein Automat</button>", lang="de")),
    Page("german-network", html("Zugang eingeschränkt", "<h1>Auffälliger Datenverkehr</h1><p>Aus Ihrem Netz kommen gerade sehr viele Aufrufe. Geben Sie die Zeichen aus dem Bild ein.</p><img src=/c.png><form><input name=c></form>", lang="de")),
    Page("french", html("Petit contrôle", "<h1>Petit contrôle avant d'entrer</h1><p>Nous vérifions que vous n'êtes pas un robot. Merci de cocher la case ci-dessous.</p>", lang="fr")),
    Page("french-blocked", html("Requête bloquée", "<h1>Requête bloquée</h1><p>Notre pare-feu a interrompu votre visite. Référence : 18.2f4c.</p>", lang="fr")),
    Page("spanish", html("Comprobación de seguridad", "<h1>Un momento</h1><p>Estamos comprobando que tu conexión es segura antes de abrir paper.example.</p>", lang="es")),
    Page("portuguese", html("Verificação", "<h1>Confirme que é humano</h1><p>Arraste a peça até encaixar na imagem para continuar.</p>", lang="pt")),
    Page("italian", html("Verifica in corso", "<h1>Dimostra di non essere un robot</h1><p>Trascina il cursore verso destra.</p>", lang="it")),
    Page("dutch", html("Even controleren", "<h1>Even controleren of u een mens bent</h1><p>Klik op het vakje om door te gaan.</p>", lang="nl")),
    Page("polish", html("Weryfikacja", "<h1>Potwierdź, że nie jesteś robotem</h1><p>Wykryliśmy nietypowy ruch z Twojej sieci.</p>", lang="pl")),
    Page("russian", html("Проверка", "<h1>Подтвердите, что запросы отправляли вы, а не робот</h1><p>С вашего адреса пришло слишком много обращений.</p>", lang="ru")),
    Page("turkish", html("Kontrol", "<h1>Robot olmadığınızı doğrulayın</h1><p>Devam etmek için kutuyu işaretleyin.</p>", lang="tr")),
    Page("japanese", html("確認", "<h1>機械による閲覧ではないことをご確認ください</h1><p>短い時間に多くの閲覧がありました。画像の文字を入力してください。</p>", lang="ja")),
    Page("korean", html("확인 필요", "<h1>자동 접속이 아닌지 확인해 주세요</h1><p>아래 그림에 보이는 숫자를 입력하면 계속 볼 수 있습니다. 비정상적인 접속이 감지되었습니다.</p>", lang="ko")),
    Page("arabic", html("تحقق", "<h1>يرجى إثبات أنك لست برنامجاً آلياً</h1><p>تم رصد نشاط غير معتاد من شبكتك، تحقق للمتابعة.</p>", lang="ar")),
    Page("vietnamese", html("Xác minh", "<h1>Hãy xác minh bạn là con người</h1><p>Kéo thanh trượt sang phải để tiếp tục.</p>", lang="vi")),
    Page("georgian-unknown", html("გთხოვთ მოიცადოთ", "<h1>გთხოვთ მოიცადოთ</h1><p>მიმდინარეობს თქვენი ბრაუზერის შემოწმება.</p>", lang="ka")),
    Page("chinese-puzzle", html("请完成拼图", "<h1>请完成拼图</h1><p>把缺口补上,我们就知道屏幕前坐着的是一个人。</p><p>流水号 20260501-7781</p>", lang="zh")),
    Page("chinese-tea", html("访问太快啦", "<h1>您的访问太快啦,先喝杯茶吧</h1><p>请输入下面图片里的四个字,然后接着看。</p><img src=/code.jpg><form><input name=code></form>", lang="zh")),
    Page("chinese-shield", html("请求已被挡下", "<h1>您的请求像是攻击,已被网站的防护系统挡下</h1><p>如属误判,请联系管理员并提供编号 5f0e-99。</p>", lang="zh")),
    Page("chinese-env", html("环境检测", "<h1>正在检测您的浏览器环境</h1><p>检测通过后页面会自动打开,大约需要三秒。</p><script>check()</script>", lang="zh")),
    Page("taiwan-verify", html("請稍等一下", "<h1>請證明你是真人</h1><p>勾選方框之後就能回到剛才的網頁。</p>", lang="zh-Hant")),
    Page("cookie-reload", html("", "<script>var a='71f';function s(x){return x+a}document.cookie='k='+s('2')+';path=/';location.reload()</script>")),
    Page("silent-form", html("", "<form method=post id=f><input type=hidden name=md value=aa91><input type=hidden name=r value=bb></form><script>document.cookie='t=1';document.forms[0].submit()</script>")),
    Page("self-refresh", html("…", "<p>…</p>", head=f'<meta http-equiv="refresh" content="3; url={SOURCE}?__c=1">')),
    Page("in-site", html("Security check - The Paper", in_site("<h1>Security check</h1><p>Please show that you are not a robot: move the slider to the right end.</p>"))),
    Page("in-site-zh", html("安全校验 - 小镇报", in_site("<h1>安全校验</h1><p>当前访问存在异常,请拖动滑块完成验证。</p>"), lang="zh")),
    Page("region", html("Not here", "<h1>Not available in your country</h1><p>We are sorry, the law keeps us from showing this to readers in the European Economic Area.</p>")),
]  # fmt: skip


@pytest.mark.parametrize("page", WALLS, ids=ids)
def test_a_wall_in_unknown_words_is_blocked(page: Page) -> None:
    judged = judge(case(page.body))
    assert judged.verdict is Verdict.BLOCKED, judged.evidence


@pytest.mark.parametrize("page", WALLS, ids=ids)
@pytest.mark.parametrize("status", [404, 410])
def test_a_wall_is_never_a_loss_when_the_host_says_the_same_to_a_random_path(page: Page, status: int) -> None:
    judged = judge(case(page.body, probe=page.body))
    assert judged.verdict not in (Verdict.GONE, Verdict.REPLACED), judged.evidence


SOFT_404 = [
    Page("plain", html("Nothing at this address", "<h1>Nothing here</h1><p>Sorry, we could not find the page you asked for.</p><a href=/>Home page</a>")),
    Page("in-site", html("Page not found | The Paper", in_site("<h1>Page not found</h1><p>The story may have been moved or deleted.</p>"))),
    Page("in-site-dash", html("Oops! That page can’t be found. – The Paper", in_site("<h1>Oops! That page can’t be found.</h1><p>Try a search instead.</p>"))),
    Page("code-only", html("404", in_site("<h1>404</h1><p>Whatever stood here has been taken down.</p>"))),
    Page("expired", html("Article no longer available - The Paper", in_site("<h1>This article is no longer available</h1><p>We keep agency reports for thirty days.</p>"))),
    Page("german", html("Seite nicht gefunden - Blatt", in_site("<h1>Hoppla, diese Seite gibt es nicht</h1><p>Vielleicht wurde sie verschoben.</p>"), lang="de")),
    Page("german-gone", html("Der Artikel ist nicht mehr verfügbar", in_site("<h1>Artikel nicht mehr verfügbar</h1><p>Der gesuchte Beitrag wurde gelöscht. Zur Startseite.</p>"), lang="de")),
    Page("french", html("Page introuvable", in_site("<h1>Cette page n'existe pas</h1><p>Elle a peut-être été supprimée.</p>"), lang="fr")),
    Page("spanish", html("Página no encontrada", in_site("<h1>No encontramos la página</h1><p>Es posible que la hayamos eliminado.</p>"), lang="es")),
    Page("russian", html("Страница не найдена", in_site("<h1>Такой страницы не существует</h1><p>Возможно, она была удалена.</p>"), lang="ru")),
    Page("japanese", html("お探しのページが見つかりません", in_site("<h1>お探しの記事は見つかりませんでした</h1><p>掲載期間が終わった可能性があります。</p>"), lang="ja")),
    Page("chinese", html("您访问的页面找不到了", in_site("<h1>您访问的页面找不到了</h1><p>可能已经被编辑删除,五秒后回到首页。</p>"), lang="zh")),
    Page("chinese-wechat", html("", "<h2>该内容已被发布者删除</h2><p>抱歉,此文章已无法查看。</p>", lang="zh")),
    Page("taiwan", html("找不到網頁", in_site("<h1>很抱歉,您要找的網頁不存在</h1><p>網址可能打錯,或是內容已經移除。</p>"), lang="zh-Hant")),
    Page("dutch", html("Pagina niet gevonden", in_site("<h1>Deze pagina bestaat niet (meer)</h1>"), lang="nl")),
]  # fmt: skip


@pytest.mark.parametrize("page", SOFT_404, ids=ids)
def test_an_error_page_under_status_200_is_a_soft_404(page: Page) -> None:
    judged = judge(case(page.body))
    assert (judged.verdict, judged.reason) == (Verdict.REPLACED, Reason.SOFT_404), judged.evidence


PARKED = [
    Page("for-sale", html("paper.example", "<h1>paper.example</h1><p>This domain name may be for sale. Make the holder an offer.</p><a href=x>Loans</a><a href=y>Hotels</a>")),
    Page("expired", html("Expired", "<p>The domain paper.example has expired. If you own it, renew it with your registrar.</p>")),
    Page("links", html("paper.example", "<h2>Related searches</h2><ul><li><a href=1>Bridge loans</a><li><a href=2>Boat insurance</a><li><a href=3>Harbour hotels</a></ul><p>This page is provided by the registrar of the domain.</p>")),
    Page("german", html("paper.example steht zum Verkauf", "<h1>Diese Domain könnte Ihnen gehören</h1><p>Der Inhaber nimmt Angebote an.</p>", lang="de")),
    Page("chinese", html("域名出售", "<h1>paper.example</h1><p>此域名正在转让,有意者请留下报价和联系方式。</p>", lang="zh")),
    Page("russian", html("Домен продаётся", "<h1>Домен paper.example продаётся</h1><p>Свяжитесь с владельцем.</p>", lang="ru")),
    Page("fresh", html("Welcome", "<h1>paper.example</h1><p>This domain was recently registered. The owner has not put up a website yet. Coming soon.</p>")),
]  # fmt: skip


@pytest.mark.parametrize("page", PARKED, ids=ids)
def test_a_domain_for_sale_is_parked(page: Page) -> None:
    judged = judge(case(page.body))
    assert (judged.verdict, judged.reason) == (Verdict.REPLACED, Reason.PARKED), judged.evidence


CONSENT = [
    Page("english", html("Your choice", "<h1>You decide about your data</h1><p>We and 214 partners would like to keep cookies on your device and read them, to measure what is read and to show advertising that suits you. You can withdraw your consent at any time.</p><button>Fine by me</button><button>Refuse everything</button>")),
    Page("pur", html("Lesen mit Werbung oder Abo", "<h1>Weiter mit Werbung oder im Abo ohne Tracking</h1><p>Mit Ihrer Einwilligung dürfen wir und unsere Partner Cookies setzen und personenbezogene Daten verarbeiten.</p><button>Einverstanden</button>", lang="de")),
    Page("french", html("Bienvenue", "<h1>Vos données vous appartiennent</h1><p>Avec votre accord, nos partenaires et nous utilisons des cookies pour mesurer l'audience et traiter des données personnelles.</p><button>J'accepte</button><button>Continuer sans accepter</button>", lang="fr")),
    Page("spanish", html("Privacidad", "<h1>Tu privacidad</h1><p>Con tu consentimiento, nosotros y nuestros socios guardamos cookies y tratamos datos personales.</p><button>Aceptar</button><button>Rechazar</button>", lang="es")),
    Page("japanese", html("プライバシー", "<h1>続行する前に</h1><p>当社とパートナーはクッキーを使用し、個人データを扱います。</p><button>同意する</button>", lang="ja")),
]  # fmt: skip


@pytest.mark.parametrize("page", CONSENT, ids=ids)
def test_a_page_that_asks_for_consent_first_is_a_consent_wall(page: Page) -> None:
    judged = judge(case(page.body))
    assert (judged.verdict, judged.reason) == (Verdict.REPLACED, Reason.CONSENT_WALL), judged.evidence


DOWN = [
    Page("maintenance", html("Back soon", "<h1>We are down for maintenance</h1><p>Please come back in an hour.</p>")),
    Page("database", html("", "<h1>Error establishing a database connection</h1>")),
    Page("title-503", html("503 Service Unavailable", "<h1>503</h1><p>No server is available to handle this.</p>")),
    Page("chinese", html("系统维护中", "<h1>网站正在维护</h1><p>给您带来不便,请晚些时候再来。</p>", lang="zh")),
    Page("german", html("Wartungsarbeiten", "<h1>Wartungsarbeiten</h1><p>Wir sind bald wieder da.</p>", lang="de")),
    Page("japanese", html("メンテナンス中", "<h1>ただいまメンテナンス中です</h1>", lang="ja")),
]  # fmt: skip


@pytest.mark.parametrize("page", DOWN, ids=ids)
def test_a_page_that_says_the_site_is_down_is_unreachable(page: Page) -> None:
    judged = judge(case(page.body))
    assert judged.verdict is Verdict.UNREACHABLE, judged.evidence


SHELLS = [
    Page("root", html(TITLE, "<noscript>This site needs scripting.</noscript><div id=root></div><script src=/app.js></script>")),
    Page("menu-only", html("The Paper", "<nav><a href=/>Home</a><a href=/a>About</a></nav><div id=app>One second</div><script src=/a.js></script><script src=/b.js></script>")),
    Page("state", html(TITLE, "<div id=__next></div><script>window.__STATE__={a:1,b:[1,2,3]}</script><script src=/m.js></script>")),
]  # fmt: skip


@pytest.mark.parametrize("page", SHELLS, ids=ids)
def test_a_page_that_scripts_would_fill_is_a_script_shell(page: Page) -> None:
    judged = judge(case(page.body))
    assert (judged.verdict, judged.reason) == (Verdict.UNEXTRACTABLE, Reason.SCRIPT_SHELL), judged.evidence


def front(title: str, count: int = 12) -> bytes:
    topics = (
        "mayor",
        "ferry",
        "school",
        "museum",
        "weather",
        "football",
        "market",
        "library",
        "railway",
        "choir",
        "storm",
        "mill",
    )
    cards = "".join(
        f"<div><h2><a href=/s/{at}>What the {topic} of our town has to do with the news of today</a></h2>"
        f"<p>It began in the {topic} on a grey morning and nobody knew yet how it was going to…</p></div>"
        for at, topic in enumerate(topics[:count])
    )
    return html(title, in_site(f"<h1>{title}</h1>{cards}"))


def test_a_list_of_teasers_at_the_same_address_is_a_front_page() -> None:
    judged = judge(case(front("The Paper: stories from the coast")))
    assert (judged.verdict, judged.reason) == (Verdict.REPLACED, Reason.HOME_PAGE), judged.evidence


def test_a_redirect_to_the_front_page_is_a_front_page() -> None:
    judged = judge(case(front("The Paper"), via=(SOURCE,), url="http://paper.example/"))
    assert (judged.verdict, judged.reason) == (Verdict.REPLACED, Reason.HOME_PAGE), judged.evidence


def test_a_redirect_to_the_section_above_is_a_front_page() -> None:
    judged = judge(case(front("May 2019", 3), via=(SOURCE,), url="http://paper.example/2019/05/"))
    assert (judged.verdict, judged.reason) == (Verdict.REPLACED, Reason.HOME_PAGE), judged.evidence


OTHERS = [
    Page("german", html("Weberei bleibt offen", in_site(article("Weberei bleibt offen", GERMAN)), lang="de")),
    Page("chinese", html("老书店关门", in_site(article("老书店关门", CHINESE)), lang="zh")),
]


@pytest.mark.parametrize("page", OTHERS, ids=ids)
def test_another_article_at_the_address_is_other_article(page: Page) -> None:
    judged = judge(case(page.body))
    assert (judged.verdict, judged.reason) == (Verdict.REPLACED, Reason.OTHER_ARTICLE), judged.evidence
    assert judged.wants_probe


CAPTCHA_ESSAY = (
    "Please verify that you are not a robot: no sentence has annoyed more people on the web.",
    "The first captcha was built in 2000, to keep bots away from a directory of addresses.",
    "Checking your browser before accessing a site takes five seconds, and it happens a billion times a day.",
    "Critics say that unusual traffic is an excuse, and that access is denied to those who guard their privacy.",
)
LOST_PAGES_ESSAY = (
    "404 Page not found is the most read page of the world, and hardly anyone looks at it twice.",
    "Sorry, the page you are looking for does not exist: so begins the apology of a thousand sites.",
    "A collector in Leeds has kept nine hundred of them, and some of the pages have been removed since.",
)
DOMAIN_ESSAY = (
    "This domain is for sale: with these words a whole trade lives off names that others forgot to renew.",
    "The owner of one such domain asked us for nine thousand dollars, then for nine hundred, then for lunch.",
)
ESSAYS = [CAPTCHA_ESSAY, LOST_PAGES_ESSAY, DOMAIN_ESSAY]


@pytest.mark.parametrize("texts", ESSAYS, ids=["captcha", "404", "domains"])
@pytest.mark.parametrize("whole", [True, False], ids=["in-site", "bare"])
def test_an_article_about_walls_is_an_article(texts: tuple[str, ...], whole: bool) -> None:
    title = texts[0].partition(":")[0]
    body = article(title, texts)
    judged = judge(case(html(title, in_site(body) if whole else body), stored(title, texts)))
    assert judged.verdict is Verdict.INTACT, judged.evidence


WIDGETS = [
    '<form><div class="g-recaptcha" data-sitekey="6Lx"></div><script src="https://www.google.com/recaptcha/api.js"></script></form>',
    '<script src="/cdn-cgi/scripts/7d0fa10a/cloudflare-static/rocket-loader.min.js"></script>'
    '<a class="__cf_email__" href="/cdn-cgi/l/email-protection">[email protected]</a>',
    '<script>(function(){var a=document.createElement("script");a.src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"})()</script>',
    '<script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script>',
    "<form action=/login><input name=user><input type=password name=p><button>Log in</button></form>",
    "<div class=cookie-banner>We and our partners use cookies and process personal data with your consent. "
    "<button>Accept all</button><button>Reject all</button></div>",
    '<script src="https://cdn.tinypass.com/api/tinypass.min.js"></script>',
    '<div><script src="//d.digital.com/bnis_sensor.js"></script>_abck bm_sz ak_bmsc</div>',
]


@pytest.mark.parametrize("widget", WIDGETS)
def test_a_widget_on_the_real_page_is_no_wall(widget: str) -> None:
    judged = judge(case(html(f"{TITLE} | The Paper", in_site(article(TITLE, ENGLISH)) + widget)))
    assert judged.verdict in (Verdict.INTACT, Verdict.EDITED), judged.evidence


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("<p>Subscribe now to continue reading. Already a subscriber? Log in.</p>", Reason.PAYWALL),
        ("<p>Weiterlesen mit unserem Monatsabo, jederzeit kündbar.</p>", Reason.PAYWALL),
        ("<p>本文剩余部分仅供会员阅读,请订阅后查看全文。</p>", Reason.PAYWALL),
        ("<p>続きを読むには会員登録が必要です。</p>", Reason.PAYWALL),
        ("<p>Sign in to read the rest of this story. It is free.</p>", Reason.LOGIN_WALL),
        ("", Reason.CUT_SHORT),
    ],
)
@pytest.mark.parametrize("kept", [1, 2])
def test_a_page_that_stops_after_the_beginning_is_truncated(message: str, reason: Reason, kept: int) -> None:
    judged = judge(case(html(TITLE, in_site(article(TITLE, ENGLISH[:kept], extra=message)))))
    assert (judged.verdict, judged.reason) == (Verdict.TRUNCATED, reason), judged.evidence
    assert judged.remaining is not None
    assert 0 < judged.remaining < 0.5


def test_a_deleted_last_paragraph_is_an_edit() -> None:
    judged = judge(case(html(TITLE, in_site(article(TITLE, ENGLISH[:-1])))))
    assert judged.verdict is Verdict.EDITED, judged.evidence


def test_an_end_that_was_written_anew_is_an_edit() -> None:
    anew = (
        "On Friday the council took its decision back after the road fund had promised a loan over twelve years.",
        "The lorries may go on crossing at walking pace, one at a time, with a guard at either end of the bridge.",
        "Two of the cracks turned out to be scratches from the painters' cradle, an expert from Lund has written.",
        "Whether the ferry company still needs its second boat is an open question, and so is who would pay for it.",
        "The mayor called the week a lesson in patience and left for his holidays on the island of Bornholm.",
    )
    judged = judge(case(html(TITLE, in_site(article(TITLE, ENGLISH[:2] + anew)))))
    assert judged.verdict is Verdict.EDITED, judged.evidence


def test_nothing_but_a_form_to_sign_in_is_a_login_wall() -> None:
    form = "<h1>Members' entrance</h1><form><input name=user><input type=password name=p><button>Log in</button></form>"
    judged = judge(case(html("Members' entrance", form), via=(SOURCE,), url="http://paper.example/login?back=x"))
    assert (judged.verdict, judged.reason) == (Verdict.TRUNCATED, Reason.LOGIN_WALL), judged.evidence


def test_the_article_at_another_address_is_moved_and_at_the_same_page_intact() -> None:
    body = html(TITLE, in_site(article(TITLE, ENGLISH)))
    moved = judge(case(body, via=(SOURCE,), url="http://paper.example/archive/bridge"))
    assert moved.verdict is Verdict.MOVED, moved.evidence
    same = judge(case(body, via=(SOURCE,), url=SOURCE.replace("http://", "https://www.")))
    assert same.verdict is Verdict.INTACT, same.evidence


def test_the_article_at_another_address_with_an_edit_is_edited() -> None:
    texts = (*ENGLISH[:3], ENGLISH[3].replace("nine million", "six million"), *ENGLISH[4:])
    judged = judge(case(html(TITLE, in_site(article(TITLE, texts))), via=(SOURCE,), url="http://paper.example/b"))
    assert judged.verdict is Verdict.EDITED, judged.evidence


SPEECHLESS = html("The Paper", in_site("<h1>Så synd</h1><p>Här var det tomt, min vän.</p>"), lang="sv")
UNKNOWN_404 = html(
    "The Paper",
    in_site(
        "<h1>Så synd</h1><p>Här var det tomt, min vän. Tidningen flyttade sina hyllor i våras, och allt kom inte med.</p>"
        "<p>Det som låg på den här hyllan ligger kanske på en annan, eller i källaren, där vi ännu packar upp kartonger."
        " Ring oss gärna på redaktionen mellan nio och fyra, så letar vi tillsammans med dig efter det du ville läsa.</p>"
        "<p>Under tiden finns dagens tidning på vanligt ställe, och korsordet hittar du som alltid på sista sidan.</p>"
    ),
    lang="sv",
)


def test_a_probe_does_not_decide_about_a_page_with_too_few_words_to_tell() -> None:
    judged = judge(case(SPEECHLESS, probe=SPEECHLESS))
    assert judged.verdict not in (Verdict.GONE, Verdict.REPLACED), judged.evidence


def test_a_probe_decides_about_an_error_page_in_unknown_words() -> None:
    before = judge(case(UNKNOWN_404))
    assert before.verdict is not Verdict.GONE
    assert before.wants_probe
    after = judge(case(UNKNOWN_404, probe=UNKNOWN_404))
    assert (after.verdict, after.reason, after.wants_probe) == (Verdict.REPLACED, Reason.SOFT_404, False)
    honest = judge(case(UNKNOWN_404, probe=html("x", in_site(article("Other", GERMAN)))))
    assert honest.reason is not Reason.SOFT_404, honest.evidence
