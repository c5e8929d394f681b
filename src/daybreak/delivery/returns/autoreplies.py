"""Telling what a machine answered from what a reader wrote (RFC 3834, and the headers and subjects in use beside it)."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message

from daybreak.delivery.returns.reportparts import header, plain

_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-AutoReply-From", "X-Auto-Response-Suppress")
_PREFIX = r"^\W*((re|aw|sv|vs|fw)\s*:\W*)*"
_SUBJECT = re.compile(
    _PREFIX
    + r"(out of (the )?office|auto(matic|mated)?[- _]?(re(ply|sponse)|respon(se|der)|answer)|i am (away|out of)|i.m (away|out of)|vacation (reply|response)"
    r"|automatische (antwort|antwoord|beantwoording)|außer haus|nicht im büro|réponse automatique|je suis absent|hors du bureau|absence du bureau"
    r"|respuesta automática|fuera de (la )?oficina|risposta automatica|fuori (ufficio|sede)|resposta automática|fora d[oe] escritório"
    r"|automatiskt svar|autosvar|automatisk svar|automaattinen vastaus|odpowiedź automatyczna|automatyczna odpowiedź|automatická odpověď"
    r"|automatikus válasz|otomatik yanıt|ofis dışında|автоответ|автоматический ответ|αυτόματη απάντηση"
    r"|自動(返信|応答|回覆)|不在通知|自動(回复|答复)|自动(回复|答复)|부재중|자동 ?(회신|응답)|מענה אוטומטי|رد تلقائي)",
    re.IGNORECASE,
)
# A word that may also begin a reader's sentence counts when it stands alone, or says until when.
_ALONE = re.compile(
    _PREFIX
    + r"(away|on (vacation|holiday|leave)|(an|am )?abwesen(d|heit)|abwesenheitsnotiz|urlaub|im urlaub|afwezig(heid)?|absent|absence|ausente|ausencia"
    r"|assente|assenza|ausência|fraværende|frånvaro|poissa|nieobecność|不在)\W*($|:|until|till|from|bis|vom|tot|jusqu|du |hasta|del|fino|dal|até)",
    re.IGNORECASE,
)


def is_automatic(message: Message) -> bool:
    """Whether a machine wrote this: an out-of-office note, an acknowledgement, a list's answer."""
    submitted = header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted:
        return submitted != "no"
    if header(message, "Precedence").lower() in ("auto_reply", "auto-reply", "bulk", "junk", "list"):
        return True
    if header(message, "Return-Path").strip() == "<>" or any(message.get(name) for name in _HEADERS):
        return True
    subject = header_words(message, "Subject")
    return bool(_SUBJECT.match(subject) or _ALONE.match(subject))


def header_words(message: Message, name: str) -> str:
    """A header's text with its encoded words (RFC 2047) decoded, on one line."""

    raw = header(message, name)[:2000]
    try:
        text = plain(str(make_header(decode_header(raw))))
    except (MessageError, LookupError, ValueError):
        text = raw
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
