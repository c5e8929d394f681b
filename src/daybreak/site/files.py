"""Stored files over HTTP: conditional requests and byte ranges (RFC 9110), so that players can seek."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.core.files.storage import storages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from daybreak.press.models import Rendition

CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes=(?=\d|-\d)(\d*)-(\d*)$")


def send(request: HttpRequest, printed: Rendition) -> HttpResponseBase:
    """The rendition, or the one range of it that is asked for: 200, 206, 304 or 416."""
    tag = f'"{printed.sha256}"'
    if tag in request.headers.get("If-None-Match", ""):
        return _with_headers(HttpResponse(status=304), tag)
    asked = request.headers.get("Range", "").strip()
    if request.headers.get("If-Range", tag) != tag:
        asked = ""
    if not _RANGE.match(asked):
        asked = ""
    span = _span(asked, printed.size)
    if span is None:
        refusal = HttpResponse(status=416)
        refusal["Content-Range"] = f"bytes */{printed.size}"
        return refusal
    start, end = span
    response = StreamingHttpResponse(
        _chunks(printed.path, start, end), status=206 if asked else 200, content_type=printed.media_type
    )
    response["Content-Length"] = str(end - start)
    if asked:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{printed.size}"
    return _with_headers(response, tag)


def _with_headers(response: HttpResponseBase, tag: str) -> HttpResponseBase:
    response["ETag"] = tag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Cookie"
    return response


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """The half-open stretch of bytes asked for; everything when nothing readable is; None when it cannot be."""
    match = _RANGE.match(asked)
    if match is None:
        return 0, size
    if not match[1]:
        return (max(0, size - int(match[2])), size) if int(match[2]) else None
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    return (start, end) if start < end else None


def _chunks(path: str, start: int, end: int) -> Iterator[bytes]:
    with storages["press"].open(path) as file:
        file.seek(start)
        left = end - start
        while left > 0 and (data := file.read(min(CHUNK, left))):
            left -= len(data)
            yield data
