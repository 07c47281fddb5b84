"""The ways in: the typed client, the HTTP API, the webhooks of carriers, the command line."""
