"""A guest driver whose commands are read by the real memory slots and the real parser."""

from gspice.qxl import ops
from gspice.qxl.memslots import MemSlots
from gspice.qxl.parser import CommandParser
from gspice.vdi.qxl import MonitorsConfig
from tests.qxl.guest_reader import GuestReader


class ParsingGuest(GuestReader):
    """Write with ``driver``, read with ``parsed``."""

    def __init__(self, width: int = 320, height: int = 200) -> None:
        super().__init__(width, height)
        info = self.device.get_init_info()
        memslots = MemSlots(
            groups=info.memslots_groups,
            slots=info.memslots,
            generation_bits=info.generation_bits,
            id_bits=info.id_bits,
            internal_group=info.internal_group,
        )
        for slot in self.worker.slots.values():
            memslots.add(slot)
        self.parser = CommandParser(memslots, surfaces=info.surfaces)

    def parsed(self) -> "list[ops.Command]":
        """What the commands in the rings say; their memory is given back."""
        parsed = []
        for command in self.worker.take():
            release = self.parser.release_info(command)
            assert release is not None
            parsed.append(self.parser.parse(command))
            self.device.release_resource(release)
        self.worker.taken.clear()
        self.worker.idle()
        self.driver.service()
        return parsed

    def monitors(self) -> MonitorsConfig:
        """The newest monitors config."""
        call = [call for call in self.worker.calls if call[0] == "monitors_config_async"][-1]
        address, group = call[1:]
        assert isinstance(address, int) and isinstance(group, int)
        return self.parser.monitors_config(address, group)
