"""The pipeline comes from the plugin that other projects use as well, PostgreSQL from one of our own."""

import gc
from collections.abc import Generator

import pytest
from hypothesis import settings

pytest_plugins = ["testkit.plugin", "tests.postgres"]

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported now lives as long as the run: looking through it again and again only costs time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
