"""Finds the places where a model left code out: remarks like "rest unchanged" and dots, in several spoken languages.

What the code that it saw has in the same words is none. A comment that only mentions such words is none either: the
whole of it has to be the remark.
"""

from __future__ import annotations

import re

_LONGEST = 300  # code points: a remark is short, and some lines are megabytes long
_SHOWN = 60

_MARK = r"(?:\{?/\*+|//+!?|#+|<!--|--+|;+|%+|\(\*|\*+|\"\"\"|'''|\bREM\b)"
_COMMENT = re.compile(rf"(?:^{_MARK}|(?<=[\s{{(,;])(?:\{{?/\*+|//+|#+|<!--))\s*(?P<body>.*)$")
_CLOSER = re.compile(r"\s*(?:\*+/\}?|-->|\*\)|\"\"\"|''')[\s)}\];,]*$")
_BRACKETED = re.compile(r"[<\[({]\s*(?P<body>[^<>\[\](){}=;]+?)\s*[>\])}]$")
_DOTS = re.compile(r"(?:\.{3,}|…|\[\.\.\.\]|\[…\]|⋯+)\s*")

_THINGS = (
    r"(?:codes?|functions?|methods?|class(?:es)?|files?|implementations?|bod(?:y|ies)|modules?|logic|scripts?"
    r"|components?|contents?|lines?|imports?|definitions?|fields?|cases?|tests?|handlers?|stuff|program|page|document|query|template|it)"
)
_STAYS = (
    r"(?:(?:is|are|stays?|remains?|kept|left|goes|go|here)\s+)*(?:here|unchanged|the same|as is|as before"
    r"|as it was|as above|untouched|intact|omitted(?: for brevity)?|identical|below|above|not shown|unmodified"
    r"|continues)"
)
_REMARKS = (
    # English
    rf"(?:(?:the|keep|and|all|with|leave|insert|put|add|your)\s+)*(?:rest|remainder)(?:\s+of\s+(?:[\w`'()]+\s+){{0,3}}?{_THINGS})?"
    rf"(?:\s+{_STAYS})*",
    rf"(?:(?:the|your|my|all|keep|insert|any|some|leave|add|put|and)\s+)*"
    rf"(?:existing|previous|original|remaining|other|current|unchanged|same|old)\s+(?:[\w`]+\s+)?"
    rf"(?:{_THINGS}(?:\s+{_STAYS})+|code|implementation|logic|body|contents?)",
    rf"(?:(?:the|this|all|everything|of|else|other|rest|{_THINGS})\s+)+{_STAYS}",
    r"(?:unchanged|no changes?(?: here| needed)?|same as (?:before|above|original|the original)|as before"
    r"|omitted for brevity|snip(?:ped)?|code omitted|omitted|et cetera|and so on)",
    r"(?:your|add|insert|put|place|write|more)\s+(?:[\w`]+\s+){0,3}(?:code|logic|implementation)(?:\s+goes)?\s+here",
    r"(?:implementation|code|logic|body)\s+(?:goes\s+)?here",
    # German
    r"(?:der\s+|den\s+)?(?:rest|restliche[rns]?)\b(?:\s+\w+){0,3}?(?:\s+(?:unverändert|gleich|wie\s+\w+|code|funktion|methode|klasse"
    r"|datei|hier|identisch))+",
    r"(?:(?:hier|der|den|dein|ihr)\s+)*(?:bestehende[rsn]?|vorhandene[rsn]?|bisherige[rsn]?|restliche[rsn]?|übrige[rsn]?"
    r"|ursprüngliche[rsn]?)\s+(?:code|funktion(?:en)?|methoden?|implementierung|logik|importe?)(?:\s+(?:bleibt|bleiben|hier|unverändert))*",
    r"(?:(?:bleibt|code|alles)\s+)*(?:unverändert|wie\s+(?:bisher|zuvor|vorher|oben|gehabt)|keine\s+änderung(?:en)?)",
    # French
    r"(?:le\s+)?reste\b(?:\s+(?:du|de|la|le|des|est|code|fonction|méthode|classe|fichier|reste|demeure|ne|change|pas))*"
    r"(?:\s+(?:inchangée?s?|identique|ici))?",
    r"(?:(?:le|votre|ton|du)\s+)*(?:code|implémentation|méthodes|fonctions|imports)\s+(?:existante?s?|inchangée?s?|restante?s?|précédente?s?)"
    r"(?:\s+ici)?",
    r"(?:inchangée?s?|comme\s+(?:avant|précédemment|ci-dessus)|sans\s+changement|suite\s+du\s+code|pas\s+de\s+changement)",
    # Spanish
    r"(?:el\s+)?resto\b(?:\s+(?:del?|la|el|código|función|método|clase|archivo|permanece|se|mantiene|queda|sigue|es|no|cambia))*"
    r"(?:\s+(?:igual|sin\s+cambios|aquí|intacto))?",
    r"(?:(?:el|tu|su)\s+)*(?:código|implementación|métodos|funciones|lógica)\s+(?:existentes?|anterior(?:es)?|original(?:es)?|restantes?)"
    r"(?:\s+aquí|\s+sin\s+cambios)*",
    r"(?:sin\s+cambios|igual\s+que\s+antes|como\s+antes|se\s+mantiene\s+igual)",
)  # fmt: skip
_REMARK = re.compile(rf"(?:{'|'.join(_REMARKS)})\s*[.!:)…]*$", re.IGNORECASE)
_CJK_REMARK = re.compile(
    r"(?:其余|其他|其它|剩余|余下|剩下|其餘|剩餘|餘下).{0,12}(?:代码|代碼|程式碼|不变|不變|相同|保持|逻辑|方法|函数|部分|省略)"
    r"|(?:保持|維持|代码|代碼|逻辑|部分).{0,4}(?:不变|不變|原样|原樣)(?!的)|(?:现有|現有|原有|原来的|已有|之前的).{0,4}(?:代码|代碼|程式碼|逻辑|实现|方法)"
    r"|省略|(?:同上|同前|(?:与|和|跟).{0,6}(?:相同|一样|一致))$"
    r"|(?:残り|以降|以下|その他|他|既存|元).{0,6}(?:コード|処理|実装|メソッド|関数|部分|同じ|同様|変更なし)|変更(?:なし|はありません)|そのまま|(?:以前|前|上記|元).{0,3}(?:同じ|同様)"
)
_CJK_LONGEST = 30
_ANY = re.compile(
    r"\.\.\.|…|⋯|[\u3040-\u9fff]|rest|remain|exist|previous|original|unchanged|same|before|omit|snip|here|other|current"
    r"|old |et cetera|and so on|continue|change|code|unver|wie |änderung|vorhanden|bisherig|übrig|ursprüng|inchang"
    r"|comme|código|implement|implém|cambios|igual|antes|métodos|funciones|lógica|méthodes|fonctions|imports",
    re.IGNORECASE,
)
"""What every remark has some of: looked for first, because most lines have none."""


def left_out(lines: list[str], seen: list[str], language: str) -> str | None:
    """The first line that stands for code that is not there, shortened; None if there is none.

    `seen` are the lines that the model was shown: what they say too is no omission.
    """
    known = {line.strip() for line in seen}
    above = ""
    for number, line in enumerate(lines):
        text = line.strip()
        if not text:
            continue
        if len(text) <= _LONGEST and _ANY.search(text):
            if text in ("...", "…", "pass  # ..."):
                found = _is_bare_omission(lines, number, above, seen, language)
            else:
                found = text not in known and _is_remark(text, above)
            if found:
                return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        above = text
    return None


def _is_remark(text: str, above: str) -> bool:
    bracketed = _BRACKETED.match(text)
    if bracketed and (_is_omission(bracketed["body"]) or not _DOTS.sub("", bracketed["body"])):
        return True
    dots = _DOTS.match(text)
    if dots and dots.end() < len(text) and text[dots.end() - 1].isspace() and _is_omission(text[dots.end() :]):
        return True
    comment = _COMMENT.search(text)
    if comment is None:
        return False
    body = _CLOSER.sub("", comment["body"]).strip()
    if bracketed := _BRACKETED.match(body):
        body = bracketed["body"]
    if dots := _DOTS.match(body):
        goes_on = above.endswith(("...", "…")) and _COMMENT.match(above) is not None
        return not goes_on and len(body.split()) <= 9
    return _is_omission(_DOTS.sub(" ", body).strip())


def _is_omission(words: str) -> bool:
    words = _DOTS.sub(" ", words).strip()
    if _REMARK.match(words):
        return True
    return len(words) <= _CJK_LONGEST and _CJK_REMARK.search(words) is not None


def _is_bare_omission(lines: list[str], number: int, above: str, seen: list[str], language: str) -> bool:
    """Whether dots alone on a line stand for code; not those that are a body in Python, or an argument."""
    if above.endswith((",", "(", "[")):
        return False
    if language != "python":
        return lines[number].strip() not in {line.strip() for line in seen}
    if above.endswith(":"):
        return _had_a_body(above, seen)
    goes_on = number + 1 < len(lines) and _deep(lines[number + 1]) >= _deep(lines[number])
    if above.endswith(('"""', "'''")) and not goes_on:
        return False
    return lines[number] not in seen


def _deep(line: str) -> int:
    return len(line) - len(line.lstrip()) if line.strip() else -1


def _had_a_body(header: str, seen: list[str]) -> bool:
    """Whether the code that was seen has this header with more than dots below it."""
    for at, line in enumerate(seen):
        if line.strip() == header:
            below = next((text.strip() for text in seen[at + 1 :] if text.strip()), "...")
            return below != "..."
    return False
