def fill(address: int) -> None:
    """Write the spice_qxl_gl_* functions into the gspice_vtable at an address."""
