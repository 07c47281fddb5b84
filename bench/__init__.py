"""Measures the pipeline against the limit of the engine that it runs on: `make bench`."""
