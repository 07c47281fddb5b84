"""The pipeline comes from the plugin that other projects use as well."""

import gc

from hypothesis import settings

pytest_plugins = ["testkit.plugin"]

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """What is imported by now lives as long as the run: looking through it again and again only costs time."""
    gc.collect()
    gc.freeze()
