from gspice.vdi.qxl import MemSlot

class MemSlots:
    """The only door to guest memory: slot, generation and bounds are checked on every translation.

    One owner thread (the RedWorker). A QXL address is slot id | generation | offset, top bits first; host
    address = offset + the slot's ``addr_delta``; the whole range must lie in the slot.
    InterfaceError: the numbers of slots or bits make no sense.
    """

    internal_group: int
    """The group of the host's own commands."""

    def __init__(
        self, *, groups: int, slots: int, generation_bits: int, id_bits: int, internal_group: int
    ) -> None: ...
    def add(self, slot: MemSlot) -> None:
        """Map a slot, replacing one of the same group and id.

        GuestError: no such group or id, or end before start.
        """
    def remove(self, group: int, slot_id: int) -> None:
        """Unmap; GuestError where the group or id does not exist."""
    def reset(self) -> None:
        """Unmap all."""
    def translate(self, address: int, length: int, group: int) -> int:
        """Host address of ``length`` bytes of guest memory; GuestError where they are not all in one slot."""
    def copy(self, address: int, length: int, group: int) -> bytes:
        """A copy of ``length`` bytes of guest memory, at most 2**31 - 1 of them."""
    def store(self, address: int, data: bytes, group: int) -> None:
        """Write into guest memory (flushes of surfaces, release chains)."""
