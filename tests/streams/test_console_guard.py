"""Which requests the console answers: its own host names and origins, and what a browser may then do."""

from collections.abc import MutableMapping
from typing import Any

import pytest

from streams.console.guard import Guard

Message = MutableMapping[str, Any]


async def inner(scope: Message, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def answer(host: str, kind: str = "http", bound: str = "127.0.0.1", origin: str | None = None) -> list[Message]:
    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin else [])
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await Guard(inner, bound)({"type": kind, "headers": headers}, receive, send)
    return sent


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "localhost"])
async def test_its_own_names_are_answered(host: str) -> None:
    assert (await answer(host))[0]["status"] == 200


@pytest.mark.parametrize("host", ["evil.example:8080", "127.0.0.1.evil.example", ""])
async def test_a_name_that_is_not_ours_is_refused(host: str) -> None:
    assert (await answer(host))[0]["status"] == 403


async def test_bound_to_every_address_any_name_is_ours() -> None:
    assert (await answer("console.gov.example", bound="0.0.0.0"))[0]["status"] == 200


async def test_a_foreign_origin_is_refused_for_pages_and_for_sockets() -> None:
    assert (await answer("localhost:1", origin="https://evil.example"))[0]["status"] == 403
    assert await answer("localhost:1", kind="websocket", origin="https://evil.example") == [
        {"type": "websocket.close", "code": 1008}
    ]
    assert (await answer("localhost:1", origin="http://localhost:1"))[0]["status"] == 200


async def test_every_answer_keeps_the_browser_at_home() -> None:
    for sent in (await answer("localhost"), await answer("evil.example")):
        headers = dict(sent[0]["headers"])
        assert b"default-src 'self'" in headers[b"content-security-policy"]
        assert headers[b"x-content-type-options"] == b"nosniff" and headers[b"x-frame-options"] == b"DENY"
