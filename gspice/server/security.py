"""Which channels must, may or must not be encrypted, as the host configures them."""

from enum import IntFlag

from gspice.errors import ConfigError
from gspice.wire.channel_types import ChannelType
from gspice.wire.link import LinkError


class ChannelSecurity(IntFlag):
    """SPICE_CHANNEL_SECURITY_*: the transports that a channel may come over."""

    NONE = 1
    """Plain TCP or a UNIX socket."""
    SSL = 2
    ANY = 3


_NAMES = {
    name: ChannelType[name.upper()]
    for name in (
        "main",
        "display",
        "inputs",
        "cursor",
        "playback",
        "record",
        "smartcard",
        "usbredir",
        "webdav",
        "port",
    )
}


class SecurityMap:
    """The rule for each channel; one without a rule follows the default (at first: anything goes)."""

    def __init__(self, default: ChannelSecurity = ChannelSecurity.ANY) -> None:
        self.default = default
        self._rules: dict[int, ChannelSecurity] = {}

    def set(self, name: str | None, security: int) -> None:
        """Set a channel's rule; None or "default" sets the default. ConfigError: no such name or rule."""
        if not 0 < security <= ChannelSecurity.ANY:
            raise ConfigError(f"channel security {security} is none of NONE (1), SSL (2) or both (3)")
        if name is None or name == "default":
            self.default = ChannelSecurity(security)
        elif name in _NAMES:
            self._rules[_NAMES[name]] = ChannelSecurity(security)
        else:
            raise ConfigError(
                f"there is no channel named {name!r}; choose from: default, {', '.join(_NAMES)}"
            )

    def rule(self, channel_type: int) -> ChannelSecurity:
        """What a channel of this type may come over; unknown types follow the default."""
        return self._rules.get(channel_type, self.default)

    def verdict(self, channel_type: int, secure: bool) -> LinkError:
        """OK, or what a link that came over the wrong transport is answered."""
        rule = self.rule(channel_type)
        if rule & (ChannelSecurity.SSL if secure else ChannelSecurity.NONE):
            return LinkError.OK
        return LinkError.NEED_UNSECURED if secure else LinkError.NEED_SECURED
