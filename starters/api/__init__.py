"""The HTTP API: applications, status, actions and the carriers' webhook."""
