"""The ports of the pipeline: what it asks of other systems, and the clients that ask it."""
