"""The whole pipeline in a test process, for our tests and those of a project that builds on it."""
