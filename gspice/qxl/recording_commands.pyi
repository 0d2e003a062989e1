from gspice.qxl.ops import Command
from gspice.qxl.recording_scanner import Scanner

def read_command(scanner: Scanner, type: int) -> Command | str:
    """The payload of a command event: the command, or why a server would not carry it out.

    RecordingError: it is not as the format has it.
    """
