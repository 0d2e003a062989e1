def fill(address: int) -> None:
    """Write the functions of audio and character devices into the gspice_vtable at an address."""
