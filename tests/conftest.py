"""The pipeline comes from the plugin that other projects use as well, PostgreSQL from one of our own."""

import gc

from hypothesis import settings

pytest_plugins = ["testkit.plugin", "tests.postgres"]

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """What is imported by now lives as long as the run: looking through it again and again only costs time."""
    gc.collect()
    gc.freeze()
