"""What a run refuses to do."""


class NotASandbox(Exception):
    """What should be the sandbox is not: faults must never be set for real providers."""
