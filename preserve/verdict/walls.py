"""The rules for pages between the reader and the article: challenges, consent, logins, outages, shells.

They look at vendor markers first and at the page's shape and ideas second, because the next wall's wording is
unknown. None of them holds where the stored article is in sight.
"""

from __future__ import annotations

from preserve.model import Reason, Verdict
from preserve.verdict.case import Finding
from preserve.verdict.markers import address_says, find_markers
from preserve.verdict.view import View, tell
from preserve.verdict.wording import fold, holds, ideas, reading_length

WALL_LENGTH = 2200  # reading length of prose beyond which a page is more than a wall
SHELL_LENGTH = 220
_SENTENCE = 60
ISOLATED_LENGTH = 900
_WEIGHTS = {
    "robot": 2, "human": 2, "puzzle": 2, "traffic": 2, "denied": 2, "security": 2, "region": 3,
    "verify": 1, "wait": 1, "browser": 1, "reference": 1,
}  # fmt: skip
_ENOUGH = 3
_ENOUGH_AT_LENGTH = 5  # a longer text comes upon single ideas by chance
_DENSE = 0.4  # share of a wall's words that speak of it
_DECISIVE = frozenset({"robot", "puzzle", "traffic", "denied", "security", "region"})
_SERVER_ERRORS = frozenset({"500", "502", "503", "504", "520", "521", "522", "523", "524", "525"})
_OWN = {
    "challenge": _DECISIVE,
    "gone": frozenset({"missing", "withdrawn"}),
    "consent": frozenset({"permission", "cookies", "data"}),
}


def vendor_challenge(view: View) -> Finding | None:
    """An interstitial's own headers or markup, at any status."""
    names = view.has("challenge")
    if view.page is None:
        found = find_markers(view.capture, "")
        names = tuple(name for name in found if name.startswith("challenge/") and "~" not in name)
    if not names:
        return None if view.in_sight else Finding("no bot check's markers")
    if view.in_sight:
        return Finding(f"{tell(names)}, but the article is there")
    if view.prose_length > 2 * WALL_LENGTH:
        return Finding(f"{tell(names)} on a page with much other text")
    return Finding(tell(names), Verdict.BLOCKED, Reason.CHALLENGE)


def challenge_shape(view: View) -> Finding | None:
    """A small page made of a bot check's ideas: verify, robot, traffic, denied, security, slide, wait."""
    if not _wall_sized(view):
        return None
    said = view.ideas("challenge")
    score = challenge_score(said)
    signs = [name for name in view.facts.markers if name.startswith(("captcha/", "shape/", "challenge/~"))]
    if view.redirected and "challenge" in address_says(view.final_url):
        signs.append("the address")
    if signs and (_speaks_of_checks(said) or view.seen_length < SHELL_LENGTH):
        score += 2
    if view.facts.password_fields and not said & {"traffic", "puzzle"}:
        return Finding("a password is asked for")
    rival = max(len(view.ideas("consent")), gone_score(view), parked_score(view))
    saw = f"ideas {tell(said)}" if said else "no idea of a bot check"
    if signs:
        saw += f" with {tell(signs)}"
    titled = _titled(view, "challenge")
    enough = _ENOUGH if view.prose_length <= ISOLATED_LENGTH else _ENOUGH_AT_LENGTH
    score += titled
    if score < enough or (rival > score and not titled):
        return Finding(saw)
    if view.density("challenge") < (_DENSE / 2 if titled else _DENSE) or (view.lists and not titled):
        return Finding(f"{saw} among other things")
    reason = Reason.LEGAL_REASONS if "region" in said and score <= _WEIGHTS["region"] + titled else Reason.CHALLENGE
    return Finding(f"a small page with {saw}", Verdict.BLOCKED, reason)


def challenge_at_error(view: View) -> Finding | None:
    """A bot check's words under an error status: it counts for more than a 404 or a 503."""
    if view.status < 400 or view.page is None or view.prose_length > WALL_LENGTH:
        return None
    said = view.ideas("challenge")
    score = challenge_score(said)
    saw = f"ideas {tell(said)}" if said else "no idea of a bot check"
    if score <= _ENOUGH or score <= gone_score(view):
        return Finding(saw)
    return Finding(f"an error page with {saw}", Verdict.BLOCKED, Reason.CHALLENGE)


def challenge_score(said: frozenset[str]) -> int:
    """How much the ideas say "bot check"; below the threshold without one that is a bot check's own."""
    score = sum(_WEIGHTS[name] for name in said)
    return score if _speaks_of_checks(said) else min(score, _ENOUGH - 1)


def _speaks_of_checks(said: frozenset[str]) -> bool:
    return bool(said & _DECISIVE) or {"human", "verify"} <= said


def gone_score(view: View) -> int:
    """How much the page's words say "there is nothing at this address"."""
    said = view.ideas("gone")
    if not said & {"missing", "withdrawn"}:
        return 0
    return 2 * ("missing" in said) + len(said - {"missing"}) + ("missing" in said and _titled(view, "gone"))


def parked_score(view: View) -> int:
    """How much the page's words say "this domain is for sale or parked"."""
    said = view.ideas("parked")
    itself = _names_itself(view)
    if not said & {"sale", "expired", "parking"} or not ("domain" in said or itself):
        return 0
    return 2 + len(said) + itself


def outage(view: View) -> Finding | None:
    """A page saying that the server or site is down, under a status that says it isn't."""
    short = [title for title in view.titles if reading_length(title) <= 70]
    named = [title for title in short if holds("down", "down", title) or _is_server_error(title)]
    if view.prose_length > WALL_LENGTH or parked_score(view) > _ENOUGH:
        return None
    if named:
        return Finding(f"says the server is down: {named[0]}", Verdict.UNREACHABLE, Reason.SERVER_ERROR)
    if not _wall_sized(view) or not holds("down", "down", view.words):
        return None
    if view.lists or holds("gone", "missing", view.words):
        return Finding("says that something failed, among other things")
    return Finding("a small page saying that the server is down", Verdict.UNREACHABLE, Reason.SERVER_ERROR)


def consent_wall(view: View) -> Finding | None:
    """A page that shows nothing before the reader agrees to cookies or the use of data."""
    names = view.has("consent")
    said = view.ideas("consent")
    addressed = view.redirected and "consent" in address_says(view.final_url)
    small = _wall_sized(view, 2.5) and not view.lists
    saw = f"ideas {tell(said)}" if said else "no idea of consent"
    if names and small:
        return Finding(f"{tell(names)}; {saw}", Verdict.REPLACED, Reason.CONSENT_WALL)
    enough = len(said) >= (2 if addressed else 4)
    if small and enough and view.density("consent") >= _DENSE:
        return Finding(f"a page with {saw}", Verdict.REPLACED, Reason.CONSENT_WALL)
    if _wall_sized(view) and len(said) == 3 and "permission" in said and _titled(view, "consent"):
        return Finding(f"a small page with {saw}", Verdict.REPLACED, Reason.CONSENT_WALL)
    return Finding(saw)


def login_wall(view: View) -> Finding | None:
    """Nothing but a form to sign in or an offer to subscribe."""
    said = view.ideas("wall")
    addressed = view.redirected and "login" in address_says(view.final_url)
    if (view.lists and not addressed) or view.longest_run >= WALL_LENGTH / 2:
        return None
    small = _wall_sized(view)
    if view.facts.password_fields and (addressed or "login" in said):
        return Finding("nothing but a form to sign in", Verdict.TRUNCATED, Reason.LOGIN_WALL)
    if small and {"subscribe", "rest"} <= said:
        return Finding("nothing but an offer to subscribe", Verdict.TRUNCATED, Reason.PAYWALL)
    if small and "login" in said and (addressed or "rest" in said):
        return Finding("nothing but a request to sign in", Verdict.TRUNCATED, Reason.LOGIN_WALL)
    return None


def script_shell(view: View) -> Finding | None:
    """Hardly any text in sight: the page is drawn by scripts, or is empty."""
    facts, length = view.facts, view.seen_length
    noscript = fold(facts.noscript[:2000])
    asks = holds("script", "script", noscript) or "javascript" in noscript
    most = 3 * SHELL_LENGTH if asks else SHELL_LENGTH
    if length >= most or view.longest_run >= SHELL_LENGTH or max(gone_score(view), parked_score(view)) >= _ENOUGH:
        return None
    if (why := _checks_in_silence(view, noscript)) is not None:
        return Finding(why, Verdict.BLOCKED, Reason.CHALLENGE)
    shell = asks or holds("script", "script", view.words) or _own_title(view)
    if view.prose_length >= _SENTENCE and not shell:
        return Finding("says something of its own")
    saw = f"{round(length)} characters in sight, {facts.scripts} scripts, {facts.frames} frames"
    if facts.scripts or asks:
        return Finding(saw, Verdict.UNEXTRACTABLE, Reason.SCRIPT_SHELL)
    empty = length < 20 or bool(facts.refresh) or facts.frames > 0
    return Finding(saw, Verdict.UNEXTRACTABLE if empty else None, Reason.EMPTY if empty else None)


def _checks_in_silence(view: View, noscript: str) -> str | None:
    """Why a page with hardly any text is a bot check and no shell; None where nothing says so."""
    facts = view.facts
    signs = [name for name in facts.markers if name.startswith(("shape/", "captcha/"))]
    if signs and not facts.title.strip() and view.seen_length < SHELL_LENGTH / 2:
        return f"a page without title and text with {tell(signs)}"
    if facts.refresh and _path(facts.refresh) == _path(view.final_url):
        return f"a page without text that sends back to itself: {facts.refresh}"
    if view.redirected and "challenge" in address_says(view.final_url):
        return f"led to the address of a bot check: {view.final_url}"
    if challenge_score(ideas("challenge", noscript)) >= _ENOUGH:
        return "no text, and <noscript> speaks of a bot check"
    return None


def _own_title(view: View) -> bool:
    """Whether the page bears the stored headline, as the shell of an application does."""
    stored = fold(view.case.stored.title)
    return bool(stored) and stored in fold(view.facts.title)


def _path(url: str) -> str:
    return url.partition("://")[2].partition("?")[0].partition("#")[0].removeprefix("www.").rstrip("/")


def isolated(view: View) -> Finding | None:
    """A small page without the site around it that no other rule knows: most likely a wall, never a loss.

    A wall with unknown words must not count as a loss, so what could be one is called so.
    """
    if view.seen_length > ISOLATED_LENGTH or view.facts.links > 6:
        return None
    if gone_score(view) >= _ENOUGH or parked_score(view) >= _ENOUGH:
        return None
    saw = f"{round(view.seen_length)} characters and {view.facts.links} links, without a site around them"
    return Finding(saw, Verdict.BLOCKED, Reason.CHALLENGE, wants_probe=True)


def _wall_sized(view: View, times: float = 1.0) -> bool:
    return view.prose_length <= WALL_LENGTH * times and view.longest_run <= WALL_LENGTH * times * 0.75


def _titled(view: View, section: str) -> bool:
    """Whether a short title or headline alone holds an idea that is the section's own."""
    own = _OWN[section]
    short = (ideas(section, title) for title in view.titles if reading_length(title) <= 80)
    return any(said & own or {"human", "verify"} <= said for said in short)


def _is_server_error(title: str) -> bool:
    digits = title.removeprefix("http").removeprefix("error").strip(" :#-")
    return digits.removesuffix("error").strip() in _SERVER_ERRORS


def _names_itself(view: View) -> bool:
    return any(host in view.words for host in view.host_words if "." in host)
