def fill(address: int) -> None:
    """Write the spice_server_* functions that are about a server into the gspice_vtable at an address."""
