"""More small pages of our own: short wordings in many languages, as walls, error pages, parked domains, outages.

Each was written before the rules had seen it, and the rules were mended where they failed: by now these are
regressions, not a measure. `test_verdict_pages.py` has the rest.
"""

# ruff: noqa: E501 - a page is easier to read on one line
from __future__ import annotations

import pytest
from verdict_cases import case, html, in_site

from preserve.model import Reason, Verdict
from preserve.verdict import judge

BLOCKED = [
    ("en", html("Just checking","<h1>Just checking you're not a machine</h1><p>Type what you hear or see below.</p>")),
    ("en", html("403 - Forbidden","<h1>Forbidden</h1><p>You don't have the rights to see /2019/05/harbour-bridge.html.</p>")),
    ("en", html("Please stand by","<p>Please stand by, while we are checking your browser...</p>")),
    ("en", html("DDoS protection","<h1>Checking if you are a bot</h1><p>Redirecting soon</p>")),
    ("en", html("Request unsuccessful","<h1>Request unsuccessful.</h1><p>Incident: 88100-1203</p>")),
    ("en-site", html("Verify yourself",in_site("<h1>Let's confirm you are human</h1><p>Complete the security check before continuing.</p>"))),
    ("en-site", html("Sorry to interrupt",in_site("<h1>Sorry to interrupt</h1><p>We have noticed unusual activity from your network. To go on, click the button.</p><button>I am not a robot</button>"))),
    ("de", html("Sind Sie ein Mensch?","<h1>Sind Sie ein Mensch?</h1><p>Lösen Sie bitte das Rätsel.</p>")),
    ("de", html("Zugriff blockiert","<h1>Zugriff blockiert</h1><p>Ihre IP-Adresse wurde wegen zu vieler Abrufe vorübergehend ausgesperrt.</p>")),
    ("de", html("Ihr Browser wird überprüft","<h1>Einen Augenblick bitte</h1><p>Ihr Browser wird überprüft, danach geht es weiter.</p>")),
    ("de-site", html("Sicherheitsabfrage",in_site("<h1>Sicherheitsabfrage</h1><p>Bitte geben Sie den Code aus dem Bild ein, um fortzufahren.</p>"))),
    ("fr", html("Accès limité","<h1>Accès temporairement limité</h1><p>Nous avons détecté une activité inhabituelle.</p>")),
    ("fr", html("Êtes-vous humain ?","<h1>Êtes-vous humain ?</h1><p>Faites glisser la flèche.</p>")),
    ("es", html("Acceso bloqueado","<h1>Su solicitud ha sido bloqueada</h1><p>ID de soporte: 12345</p>")),
    ("zh", html("访问验证","<h1>访问验证</h1><p>请依次点击图中的文字</p>")),
    ("zh", html("人机识别","<p>请点击按钮进行人机识别检查</p>")),
    ("zh", html("提示","<h1>提示</h1><p>您的操作过于频繁,请稍后再试!</p>")),
    ("zh", html("滑动验证页面","<h1>亲,请拖动下方滑块完成验证</h1><p>通过验证以确保正常访问</p>")),
    ("zh", html("身份核实","<h1>为了确认不是恶意程序访问</h1><p>请输入验证码</p><input>")),
    ("zh", html("访问受限","<h1>访问受限</h1><p>当前网络环境存在风险,请更换网络后再试</p>")),
    ("zh-site", html("环境异常 - 小镇报",in_site("<h1>环境异常</h1><p>当前环境异常,完成验证后即可继续访问。</p>"))),
    ("zht", html("安全性檢查","<h1>我們偵測到異常流量</h1><p>請完成以下驗證以繼續。</p>")),
    ("zht", html("存取遭拒","<h1>存取遭拒</h1><p>您的連線已被系統封鎖,參考碼 7781。</p>")),
    ("ja", html("アクセスが拒否されました","<h1>アクセスが拒否されました</h1><p>セキュリティ上の理由により表示を制限しています。</p>")),
    ("ja", html("ロボットではありませんか","<h1>私はロボットではありません</h1><p>チェックを入れて次へ進んでください。</p>")),
    ("ja", html("しばらくお待ちください","<h1>ブラウザを確認しています</h1><p>自動的に移動します。</p>")),
    ("ko", html("보안 확인","<h1>로봇이 아닙니다</h1><p>계속하려면 체크해 주세요.</p>")),
    ("ru", html("Доступ ограничен","<h1>Доступ к сайту ограничен</h1><p>Защита от DDoS-атак. Ваш IP заблокирован.</p>")),
    ("ru", html("Вы не робот?","<h1>Вы не робот?</h1><p>Поставьте галочку.</p>")),
    ("pl", html("Dostęp zablokowany","<h1>Dostęp zablokowany</h1><p>Twój adres IP wysłał zbyt wiele zapytań.</p>")),
    ("sv", html("Är du en människa?","<h1>Är du en människa?</h1><p>Vi ser ovanlig trafik från ditt nätverk.</p>")),
    ("en", html("This page isn't available right now","<h1>Verify to continue</h1><p>We couldn't confirm this page request came from a person.</p>")),
    ("en", html("Page blocked","<h1>This page has been blocked</h1><p>The site's protection found your request suspicious. Contact the owner.</p>")),
    ("en-site", html("The Paper",in_site("<h1>Bots keep out</h1><p>Tick below to read on.</p><div class=g-recaptcha></div>"))),
    ("en-site", html("Access Denied | The Paper",in_site("<h1>Access Denied</h1><p>You don't have permission to view this page.</p>"))),
    ("zh-site", html("访问过于频繁 - 小镇报",in_site("<h1>访问过于频繁</h1><p>请稍后再来。</p>"))),
    ("zh", html("提示信息","<p>抱歉,您的IP访问次数已达上限,请明天再来,或登录后继续。</p>")),
    ("zh", html("页面访问受限","<h1>该页面暂时无法访问</h1><p>系统检测到异常请求,请完成校验。</p>")),
    ("zh", html("504","<h1>访问被拒绝</h1><p>事件ID:99-12 客户端IP:1.2.3.4</p>")),
    ("zht", html("請完成驗證","<p>為了保護網站,請將拼圖拖到正確位置。</p>")),
    ("zht", html("連線異常","<h1>連線異常</h1><p>您的瀏覽速度太快,請稍後再試。</p>")),
    ("ja", html("認証","<h1>画像認証</h1><p>表示されている文字を入力して送信してください。</p>")),
    ("ja", html("アクセス制限","<h1>短時間に大量のアクセスがありました</h1><p>しばらく時間をおいてからお試しください。</p>")),
    ("de", html("Bot-Prüfung","<h1>Bitte einen Haken setzen</h1><p>So wissen wir, dass Sie kein Bot sind.</p>")),
    ("de", html("Anfrage abgelehnt","<h1>Ihre Anfrage wurde abgelehnt</h1><p>Vorgangsnummer: 7781-22</p>")),
    ("fi", html("Tarkistus","<h1>Oletko ihminen?</h1><p>Vahvista, että et ole robotti.</p>")),
    ("cs", html("Kontrola","<h1>Ověřte, že nejste robot</h1>")),
    ("el", html("Έλεγχος","<h1>Επιβεβαιώστε ότι δεν είστε ρομπότ</h1>")),
    ("he", html("אימות","<h1>אנא אשר שאינך רובוט</h1>")),
    ("th", html("ตรวจสอบ","<h1>ยืนยันว่าคุณไม่ใช่หุ่นยนต์</h1>")),
    ("id", html("Verifikasi","<h1>Kami mendeteksi aktivitas tidak biasa</h1><p>Geser untuk melanjutkan.</p>")),
    ("hi", html("सत्यापन","<h1>कृपया सत्यापित करें कि आप मानव हैं</h1>")),
    ("uk", html("Перевірка","<h1>Підтвердьте, що ви не робот</h1>")),
]  # fmt: skip

ERROR_PAGES = [
    ("en", html("Oh dear",in_site("<h1>Oh dear. That one's gone.</h1><p>The page you wanted has left us. Try the home page.</p>"))),
    ("en", html("The Paper",in_site("<h1>We can't seem to find the page you're looking for</h1>"))),
    ("en", html("HTTP 404 - The Paper",in_site("<p>Here be dragons.</p>"))),
    ("en", html("Invalid article | The Paper",in_site("<h1>Invalid article</h1><p>No article exists with this number.</p>"))),
    ("en", html("Error - The Paper",in_site("<h1>Sorry!</h1><p>The requested article could not be located on this server. It may have expired.</p>"))),
    ("de", html("Fehler 404",in_site("<h1>Da ist etwas schiefgelaufen</h1><p>Die angeforderte Seite konnte nicht gefunden werden.</p>"))),
    ("de", html("Inhalt nicht verfügbar | Blatt",in_site("<h1>Dieser Inhalt ist leider nicht mehr verfügbar</h1>"))),
    ("fr", html("Oups",in_site("<h1>Oups ! Cette page a disparu</h1><p>Retour à l'accueil</p>"))),
    ("es", html("Error 404",in_site("<h1>¡Vaya! Página no disponible</h1>"))),
    ("it", html("Pagina non trovata - Giornale",in_site("<h1>La pagina che cerchi non esiste</h1>"))),
    ("pt", html("Página não encontrada",in_site("<h1>Ops, não achamos essa página</h1>"))),
    ("zh", html("页面走丢了",in_site("<h1>哎呀,页面走丢了</h1><p>去首页看看吧</p>"))),
    ("zh", html("提示信息 - 小镇报",in_site("<p>您要查看的文章不存在或已被删除</p><p>[返回上一页]</p>"))),
    ("zh", html("404 - 小镇报",in_site("<p>访问的资源不存在</p>"))),
    ("zh", html("出错啦",in_site("<h1>啊哦,您所访问的内容已经下线</h1>"))),
    ("zht", html("404 找不到這個頁面",in_site("<h1>噢,頁面不見了</h1>"))),
    ("zht", html("文章不存在 | 小鎮報",in_site("<h1>文章不存在</h1>"))),
    ("ja", html("404 Not Found | 町の新聞",in_site("<h1>ページが存在しません</h1><p>URLをご確認ください。</p>"))),
    ("ja", html("記事が見つかりません",in_site("<h1>指定された記事は公開を終了しました</h1>"))),
    ("ko", html("페이지를 찾을 수 없습니다",in_site("<h1>요청하신 페이지가 없습니다</h1>"))),
    ("ru", html("Ошибка 404",in_site("<h1>Страница потерялась</h1>"))),
    ("en", html("Article Removed | The Paper",in_site("<h1>Article Removed</h1><p>This article has been taken offline at the request of the agency.</p>"))),
    ("en", html("The Paper",in_site("<h1>Whoops, that page is gone.</h1>"))),
    ("en", html("Content Unavailable",in_site("<h1>Content Unavailable</h1><p>The content you requested is unavailable or was deleted by its author.</p>"))),
    ("en", html("Lost? | The Paper",in_site("<h1>404</h1><p>Lost at sea.</p>"))),
    ("en-long", html("Page Not Found | The Paper",in_site("<h1>Page Not Found</h1>"+"".join(f"<p>{t}</p>" for t in ("We recently moved to a new system, and some older links no longer work. If you followed a link from another site, please let its owner know. If you followed a link from one of our own pages, write to us.","You can use the search field at the top of the page, or browse our sections on the left. Our most popular articles of this week are listed below, and the archive holds everything since 1998.","Thank you for your patience, and good luck with your search.")))) ),
    ("de", html("Blatt - Nachrichten",in_site("<h1>Ups! Hier ist nichts.</h1><p>Unter dieser Adresse liegt leider keine Seite (mehr).</p>"))),
    ("de", html("Artikel nicht gefunden",in_site("<h1>Der gewünschte Artikel wurde nicht gefunden</h1>"))),
    ("zh", html("文章已删除",in_site("<h1>该文章已被作者删除</h1>"))),
    ("zh", html("小镇报",in_site("<p>对不起,您要访问的页面暂时没有找到,您可以返回首页。</p>"))),
    ("zh", html("您要找的页面不在了 - 小镇报",in_site("<h1>您要找的页面不在了</h1>"))),
    ("zht", html("查無此頁 | 小鎮報",in_site("<h1>查無此頁</h1><p>文章可能已下架</p>"))),
    ("ja", html("エラー|町の新聞",in_site("<h1>ページを表示できません</h1><p>お探しのページは移動または削除された可能性があります。</p>"))),
    ("ja", html("この記事は削除されました",in_site("<h1>この記事は削除されました</h1>"))),
    ("pl", html("Strona nie istnieje",in_site("<h1>Nie znaleźliśmy takiej strony</h1>"))),
    ("sv", html("Sidan finns inte",in_site("<h1>Sidan du söker finns inte</h1>"))),
    ("cs", html("Stránka nenalezena",in_site("<h1>Stránka nebyla nalezena</h1>"))),
]  # fmt: skip

PARKED = [
    ("en", html("paper.example - Buy it","<h1>The name paper.example is available</h1><p>Enter your offer in dollars to the seller of this domain.</p>")),
    ("en", html("paper.example","<p>paper.example is parked free, courtesy of a hosting firm.</p>")),
    ("en", html("Welcome to paper.example","<h1>Future home of something quite cool</h1><p>If you're the site owner, log in to launch this site. This domain is managed at a registrar.</p>")),
    ("en", html("Account Suspended","<h1>This domain name has been suspended</h1><p>Its registration was not renewed in time. Contact the registrar.</p>")),
    ("de", html("Diese Domain wurde registriert","<h1>Hier entsteht eine neue Internetpräsenz</h1><p>Diese Domain wurde im Kundenauftrag registriert.</p>")),
    ("zh", html("域名停放","<h1>该域名已过期</h1><p>如需继续使用请尽快续费</p>")),
    ("zh", html("paper.example - 精品域名","<h1>您正在访问的域名可以转让!</h1><p>联系电话 400</p>")),
    ("ja", html("paper.example","<h1>このドメインは販売中です</h1><p>購入をご希望の方はお問い合わせください。</p>")),
    ("fr", html("paper.example","<h1>Ce nom de domaine est à vendre</h1>")),
]  # fmt: skip

CONSENT = [
    ("en", html("Privacy choices","<h1>Before we go on</h1><p>Cookies help us and 820 partners to store information on your device and to process personal data such as browsing habits. Please choose.</p><button>Agree</button><button>Settings</button>")),
    ("de", html("Zustimmung","<h1>Willkommen</h1><p>Wir und unsere Partner speichern Cookies auf Ihrem Gerät und verarbeiten personenbezogene Daten.</p><button>Alle zulassen</button><button>Nur notwendige</button><button>Akzeptieren</button>")),
    ("zh", html("隐私选择","<h1>继续之前</h1><p>我们和合作伙伴会使用Cookie并处理您的个人数据。</p><button>全部接受</button>")),
    ("it", html("Privacy","<h1>Il rispetto della tua privacy</h1><p>Noi e i nostri fornitori archiviamo cookie e trattiamo dati personali con il tuo consenso.</p><button>Accetta e continua</button>")),
]  # fmt: skip

DOWN = [
    ("en", html("We'll be right back","<h1>We'll be right back</h1><p>The site is being improved.</p>")),
    ("en", html("Site unavailable","<h1>This site is temporarily unavailable</h1><p>Please try later.</p>")),
    ("en", html("Application error","<p>An error occurred in the application and your page could not be served.</p>")),
    ("zh", html("服务器开小差了","<h1>服务器开小差了,请稍后再试</h1>")),
    ("zh", html("网站升级","<h1>网站升级改造中,暂停访问</h1>")),
    ("ru", html("Технические работы","<h1>На сайте ведутся технические работы</h1>")),
]  # fmt: skip

SIGN_IN = [
    ("en", html("Log in | The Paper",in_site("<h1>Log in</h1><form><input name=u><input type=password><button>Log in</button></form><p>Forgot your password?</p>"))),
    ("de", html("Nur für Abonnenten",in_site("<h1>Dieser Inhalt ist nur für Abonnenten</h1><p>Jetzt Abo abschließen und weiterlesen.</p>"))),
    ("zh", html("请登录",in_site("<h1>请先登录</h1><p>登录后继续阅读全文</p>"))),
]  # fmt: skip
IN_SITE_AND_SPEECHLESS = [
    ("quick-check", html("Quick check | The Paper", in_site("<h1>Quick check</h1><p>Tap the picture of the boat so that we know who is there.</p>"))),
    ("slow-down", html("The Paper", in_site("<h1>Are you still there?</h1><p>You have opened a lot of articles in a short time. Please wait a minute.</p>"))),
]  # fmt: skip


@pytest.mark.parametrize(("language", "page"), BLOCKED)
def test_a_wall_is_blocked(language: str, page: bytes) -> None:
    judged = judge(case(page))
    assert judged.verdict is Verdict.BLOCKED, judged.evidence


@pytest.mark.parametrize(("language", "page"), ERROR_PAGES)
def test_an_error_page_is_a_soft_404(language: str, page: bytes) -> None:
    judged = judge(case(page))
    assert judged.reason is Reason.SOFT_404, judged.evidence


@pytest.mark.parametrize(("language", "page"), PARKED)
def test_a_domain_without_a_site_is_parked(language: str, page: bytes) -> None:
    judged = judge(case(page))
    assert judged.reason is Reason.PARKED, judged.evidence


@pytest.mark.parametrize(("language", "page"), CONSENT)
def test_a_question_before_the_page_is_a_consent_wall(language: str, page: bytes) -> None:
    judged = judge(case(page))
    assert judged.reason is Reason.CONSENT_WALL, judged.evidence


@pytest.mark.parametrize(("language", "page"), [*DOWN, *SIGN_IN, *IN_SITE_AND_SPEECHLESS])
@pytest.mark.parametrize("probed", [False, True])
def test_what_may_be_there_again_tomorrow_is_no_loss(language: str, page: bytes, probed: bool) -> None:
    judged = judge(case(page, probe=page if probed else None))
    assert judged.verdict not in (Verdict.GONE, Verdict.REPLACED), judged.evidence
