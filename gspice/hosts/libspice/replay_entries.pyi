def fill(address: int) -> None:
    """Write the spice_replay_* functions into the gspice_vtable at an address."""
