def fill(address: int) -> None:
    """Write the functions that set a server up into the gspice_vtable at an address."""
