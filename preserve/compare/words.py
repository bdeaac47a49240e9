"""Words by which natures are told: closed classes of the languages posts are written in, as data.

Negations, number words, months and weekdays, common Chinese family names, and the names of countries and large cities.
Each expression is matched against a whole folded token, or, where it says so, inside raw text.
"""

from __future__ import annotations

import re

NEGATION = re.compile(
    "not|no|never|none|nobody|nothing|nowhere|neither|nor|cannot|[a-z]+nt"
    "|nicht|kein(?:e[nmrs]?)?|nie|niemals|nichts|niemand|weder"
    "|ne|pas|jamais|rien|aucune?|ni|nunca|nada|nadie|ningún|ningun[ao]|tampoco|non|mai|nessun[oa]?|niente|não|nenhuma?"
    "|не|нет|ни|никогда|никто|ничего|нельзя|ليس|لا|لم|لن|geen|niet|nooit"
)
"""A whole token. English contractions end in "nt" once folded; see `CONTRACTION`."""
CONTRACTION = re.compile(r"n['’]t\b", re.I)
"""In raw text."""
NEGATION_SIGN = re.compile("[不没沒未無无非莫勿毋否]|ない|なかった|なく|ません|まい(?=[、。])|ず(?=[に、。])")
"""In raw text, for scripts without spaces."""

_NUMBERS = (
    # English: twentyeight is how twenty-eight folds.
    "zero|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|hundreds?|thousands?|millions?|billions?|trillions?"
    "|(?:(?:twen|thir|for|fif|six|seven|eigh|nine)ty)?(?:one|two|three|four|five|six|seven|eight|nine)"
    "|(?:(?:twen|thir|for|fif|six|seven|eigh|nine)ty)?(?:third|fourth|fifth|sixth|seventh|eighth|ninth)"
    "|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|ten|tenth|half|dozens?|twice|double|triple",
    # German
    "null|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|(?:drei|vier|fünf|sech|sieb|acht|neun)zehn"
    "|(?:(?:ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun)und)?(?:zwan|dreis|vier|fünf|sech|sieb|acht|neun)[zs]ig"
    "|(?:ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn)?(?:hundert|tausend)"
    "|million(?:en)?|milliarden?|hälfte|doppelt",
    # French
    "deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|dix(?:sept|huit|neuf)"
    "|(?:vingt|trente|quarante|cinquante|soixante|quatrevingts?)(?:et(?:une?|onze)|une?|deux|trois|quatre|cinq|six|sept"
    "|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|dix(?:sept|huit|neuf))?|cents?|mille|milliards?",
    # Spanish and Portuguese
    "dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|trece|catorce|quince|dieci(?:séis|siete|ocho|nueve)|veinte"
    "|veinti(?:uno|una|ún|dós|trés|cuatro|cinco|séis|siete|ocho|nueve)|treinta|cuarenta|cincuenta|sesenta|setenta"
    "|ochenta|noventa|cien|cientos?|(?:dos|tres|cuatro|seis|ocho)cient[oa]s|quinient[oa]s|mil|millón|millones"
    "|dois|duas|três|quatro|sete|oito|nove|dez|doze|treze|vinte|trinta|quarenta|cinquenta|sessenta|oitenta|cem|milhão"
    "|milhões",
    # Italian
    "due|quattro|cinque|sette|otto|dieci|undici|dodici|(?:vent|trent|quarant|cinquant)(?:uno|otto)|venti|trenta"
    "|(?:venti|trenta|quaranta|cinquanta|sessanta|settanta|ottanta|novanta)"
    "(?:due|tré|quattro|cinque|sei|sette|nove)?|cento|milioni|milione|miliardi",
    # Russian, in its cases
    "два|две|двух|три|тр[её]х|четыре|четыр[её]х|пят[ьи]|шест[ьи]|сем[ьи]|восемь|восьми|девят[ьи]|десят[ьи]|сорока?"
    "|(?:один|два|две|три|четыр|пят|шест|сем|восем|девят)(?:на)?дцат[ьи]|(?:пят|шест|сем|восем)ьдесят|девяносто|сто|двести"
    "|триста|четыреста|(?:пят|шест|сем|восем|девят)ьсот|тысяч[аиу]?|миллион(?:а|ов)?|миллиард(?:а|ов)?",
)
NUMBER = re.compile("|".join(_NUMBERS))
"""A whole token."""
NUMERAL = re.compile(
    "第?[〇零一二三四五六七八九十百千万萬亿億兆两兩几幾半壹贰叁肆伍陆柒捌玖拾佰仟]+[年月日号號个個名人次%成倍岁歲元多余餘]*"
)
"""A whole text in Chinese numerals."""

MONTH = re.compile(
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|januar|jänner|februar|märz|mai|juni|juli|oktober|dezember"
    "|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
    "|январ[яь]|феврал[яь]|марта?|апрел[яь]|мая|июн[яь]|июл[яь]|августа?|сентябр[яь]|октябр[яь]|ноябр[яь]|декабр[яь]"
    "|(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
    "|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
)
"""A whole token: months and days of the week."""
DATE = re.compile(
    r"(?:19|20)\d\d\s*[年\-/.]|\d{1,2}\s*[月日号號]|[\-/.](?:19|20)\d\d\b|\d{1,2}:\d\d|[一二三四五六七八九十]+[月日]"
)
"""In raw text around a number."""
YEAR = re.compile(r"(?:1[5-9]|20)\d\d")

FAMILY_NAMES = (
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈"
    "曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史"
    "顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文柯"
)
"""The commonest hundred Chinese family names (Ministry of Public Security, 2020), in both scripts."""
PLACE = re.compile(
    "中国|中國|美国|美國|英国|英國|法国|法國|德国|德國|日本|韩国|韓國|朝鲜|朝鮮|俄罗斯|俄羅斯|印度|越南|泰国|泰國|台湾|臺灣|台灣|"
    "乌克兰|烏克蘭|意大利|義大利|西班牙|加拿大|澳大利亚|澳洲|巴西|以色列|伊朗|欧洲|歐洲|亚洲|亞洲|非洲|"
    "北京|上海|天津|重庆|重慶|广州|廣州|深圳|杭州|南京|武汉|武漢|成都|西安|香港|澳门|澳門|台北|臺北|高雄|台中|台南|新竹|"
    "东京|東京|大阪|京都|福岡|福冈|札幌|名古屋|横浜|横滨|神戸|広島|仙台|沖縄|北海道|首尔|首爾|平壤|纽约|紐約|伦敦|倫敦|"
    "巴黎|柏林|莫斯科|华盛顿|華盛頓|"
    "[\u4e00-\u9fff]{1,3}(?:省|市|县|縣|州|国|國|镇|鎮|村|岛|島|府|県|町)|[\u30a0-\u30ff]{3,}"
)
"""In raw text: countries, large cities, and what ends like the name of a place; foreign names in Katakana."""
