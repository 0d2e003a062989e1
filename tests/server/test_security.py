"""The security map: names, default and verdicts."""

import pytest

from gspice.errors import ConfigError
from gspice.server.security import ChannelSecurity, SecurityMap
from gspice.wire.channel_types import ChannelType
from gspice.wire.link import LinkError

NAMES = {
    "main": 1,
    "display": 2,
    "inputs": 3,
    "cursor": 4,
    "playback": 5,
    "record": 6,
    "smartcard": 8,
    "usbredir": 9,
    "port": 10,
    "webdav": 11,
}


@pytest.mark.parametrize(
    ("rule", "secure", "verdict"),
    [
        (1, False, LinkError.OK),
        (1, True, LinkError.NEED_UNSECURED),
        (2, False, LinkError.NEED_SECURED),
        (2, True, LinkError.OK),
        (3, False, LinkError.OK),
        (3, True, LinkError.OK),
    ],
)
def test_verdicts(rule: int, secure: bool, verdict: LinkError) -> None:
    security = SecurityMap()
    security.set("display", rule)
    assert security.verdict(ChannelType.DISPLAY, secure) == verdict


@pytest.mark.parametrize(("name", "number"), NAMES.items())
def test_every_channel_has_its_name(name: str, number: int) -> None:
    security = SecurityMap()
    security.set(name, 2)
    assert security.verdict(number, False) == LinkError.NEED_SECURED
    others = [other for other in NAMES.values() if other != number]
    assert all(security.verdict(other, False) == LinkError.OK for other in others)


@pytest.mark.parametrize("name", [None, "default"])
def test_the_default_is_for_channels_without_a_rule(name: str | None) -> None:
    security = SecurityMap()
    security.set("main", 1)
    security.set(name, 2)
    assert security.verdict(ChannelType.MAIN, False) == LinkError.OK
    assert security.verdict(ChannelType.CURSOR, False) == LinkError.NEED_SECURED
    assert security.verdict(77, False) == LinkError.NEED_SECURED, "unknown types too"
    assert SecurityMap(ChannelSecurity.NONE).verdict(1, True) == LinkError.NEED_UNSECURED


@pytest.mark.parametrize(("name", "rule"), [("tunnel", 1), ("MAIN", 1), ("", 1), ("main", 0), ("main", 4)])
def test_unknown_names_and_rules_are_config_errors(name: str, rule: int) -> None:
    with pytest.raises(ConfigError):
        SecurityMap().set(name, rule)
