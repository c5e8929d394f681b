from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wire.feedserver import FeedServer


@pytest.fixture(scope="session")
def server() -> Iterator[FeedServer]:
    served = FeedServer()
    yield served
    served.close()


@pytest.fixture
def site(server: FeedServer) -> Iterator[FeedServer]:
    """The server with pages of a test's own."""
    server.pages, server.asked = {}, []
    yield server
    server.pages = {}
