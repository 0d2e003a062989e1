"""Every limit of a length or count on the wire, with its reason. Nothing is allocated before its check.

Counts are also held against the bytes that are there, so a limit only says what can make sense at all.
"""

# -- whole bodies ------------------------------------------------------------------------------------------

BODY = 1 << 30
"""Raw data that ends a body. The framing's limit for the channel is what bounds it; this is the signed 32-bit
range with room to add to it, so that no sum of offsets and sizes can leave it."""

IMAGE_BYTES = 1 << 30
"""Pixel data of one image: a 16384 x 16384 surface of 32 bit is just this much."""

STREAM_FRAME_BYTES = 32 << 20
"""One encoded video frame: the largest that a stream device of a guest may hand over."""

# -- drawing -----------------------------------------------------------------------------------------------

CLIP_RECTS = 1 << 16
"""Rectangles in a clip: a full-screen region of 4 x 4 pixel tiles at 1024 x 1024 has as many."""

PALETTE_ENTRIES = 256
"""Colours of a palette: an 8-bit index cannot name more."""

PATH_SEGMENTS = 1 << 20
"""Segments of a path; each takes five bytes at least."""

PATH_POINTS = 1 << 20
"""Points of one path segment, eight bytes each: what one QXL path chunk list of 8 MB can hold."""

GLYPHS = 0xFFFF
"""Glyphs of a string: its count is a u16."""

GLYPH_BYTES = 1 << 20
"""Bitmap of one glyph: 1024 x 1024 at 8 bits is far beyond any font in use."""

LINE_STYLE_SEGMENTS = 0xFF
"""Dashes and gaps of a line style: the count is a u8."""

RESOURCES = 0xFFFF
"""Entries of an INVAL_LIST: the count is a u16."""

MONITORS = 256
"""Heads of a monitors configuration: clients and agents know 256 at most."""

GL_PLANES = 4
"""Planes of a dmabuf scanout: DRM knows four."""

VIDEO_CODECS = 0xFF
"""Codecs in a preference list: the count is a u8."""

# -- session -----------------------------------------------------------------------------------------------

CHANNELS = 1 << 16
"""Entries of a CHANNELS_LIST: there are 256 types and 256 ids of each."""

WAIT_CHANNELS = 0xFF
"""Channels to wait for: the count is a u8."""

SUB_MESSAGES = 0xFFFF
"""Messages in a sub-message list: the count is a u16."""

NAME_BYTES = 4096
"""Names of machines, hosts, ports and certificate subjects, their NUL included: above DNS's 253 and what
certificates and hosts put into theirs, below a page."""

NOTIFY_BYTES = 64 << 10
"""Text of a notification: a line for a person."""

AUDIO_CHANNELS = 0xFF
"""Channels of a volume message: the count is a u8."""

# -- devices -----------------------------------------------------------------------------------------------

VMC_BYTES = 16 << 20
"""One message of a usbredir, port or webdav channel, and what a compressed one may grow to: a USB bulk
transfer with its headers, which systems in use ask for by the megabyte, or by four."""

SMARTCARD_BYTES = 64 << 10
"""One smartcard message: an extended APDU is 65544 bytes at most, and readers in use stay far below."""

# -- agent -------------------------------------------------------------------------------------------------

AGENT_CHUNK_BYTES = 2048
"""One AGENT_DATA message and one chunk of the device (VD_AGENT_MAX_DATA_SIZE)."""

AGENT_MESSAGE_BYTES = 256 << 20
"""A whole agent message put together from chunks: clipboards may be large, images above all."""

AGENT_CAPS_WORDS = 32
"""Words of agent capabilities: one is in use."""

AGENT_CLIPBOARD_TYPES = 256
"""Clipboard types offered in one grab: seven are defined."""

AGENT_DISPLAYS = 4096
"""Entries of a graphics device info: 256 channels of 16 monitors each."""

DEVICE_ADDRESS_BYTES = 256
"""A device address ("pci/0000/02.0"), its NUL included: the host's own limit for it."""
