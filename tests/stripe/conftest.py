from collections.abc import AsyncIterator

import pytest

from tests.stripe.localstripe import LocalStripe, running_localstripe


@pytest.fixture
async def localstripe(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStripe]:
    """localstripe with empty books."""
    with running_localstripe(tmp_path_factory.mktemp("localstripe")) as peer:
        await peer.wait()
        yield peer
