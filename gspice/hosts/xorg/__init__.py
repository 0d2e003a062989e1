"""Xorg as a host: a desktop, or one program, shown over SPICE without a virtual machine."""
