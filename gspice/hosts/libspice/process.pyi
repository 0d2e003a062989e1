def leave() -> None:
    """End the host's process as C's ``exit(0)`` does: its own exit handlers run. It does not return."""
