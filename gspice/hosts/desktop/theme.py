"""How the desktop looks: colours as 0xRRGGBB and sizes in pixels."""

from typing import Final

TITLE_HEIGHT: Final = 32
BORDER: Final = 1
CORNER: Final = 8
"""Radius of the windows' corners."""
SHADOW: Final = 18
"""How far a window's shadow reaches."""
SHADOW_DROP: Final = 5
"""How far the shadow lies below its window."""
SHADOW_STRENGTH: Final = 0.34
BUTTON_SIZE: Final = 18
BUTTON_GAP: Final = 8
PANEL_HEIGHT: Final = 40

TITLE_ACTIVE: Final = (0xF7F7F9, 0xE4E5EA)
"""Top and bottom of the gradient."""
TITLE_INACTIVE: Final = (0xF1F2F4, 0xEEEFF2)
TITLE_LINE: Final = 0xC9CBD3
TITLE_TEXT: Final = 0x2B2F3A
TITLE_TEXT_INACTIVE: Final = 0x8F95A3
FRAME: Final = 0xB4B8C2
WINDOW: Final = 0xFFFFFF
TEXT: Final = 0x2E3440
TEXT_SOFT: Final = 0x6B7385
ACCENT: Final = 0x2F6FDE
ACCENT_WARM: Final = 0xE0533D
RULE: Final = 0xE3E6EC

CLOSE: Final = 0xE5534B
MINIMISE: Final = 0xD9DCE3
BUTTON_INACTIVE: Final = 0xDFE1E7

PANEL: Final = (0x2A3040, 0x1D222E)
PANEL_LINE: Final = 0x434B5F
PANEL_TEXT: Final = 0xE8ECF4
PANEL_TEXT_SOFT: Final = 0xA4AEC2
PANEL_BUTTON: Final = 0x363E51
PANEL_BUTTON_ACTIVE: Final = 0x4A566F

TERMINAL: Final = 0x171B24
TERMINAL_TEXT: Final = 0xD8DEE9
TERMINAL_CURSOR: Final = 0x88C0D0
TERMINAL_COLORS: Final = (
    TERMINAL_TEXT,
    0xE06C75,
    0x98C379,
    0xE5C07B,
    0x61AFEF,
    0xC678DD,
    0x56B6C2,
    0x7F8796,
)
"""Default, red, green, yellow, blue, magenta, cyan, grey."""
