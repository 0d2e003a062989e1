"""Certificate subjects as users write them and as certificates have them."""

import pytest

from gspice.client.tls import TlsOptions, parse_subject, subject_of, subject_text
from gspice.errors import ConfigError


def test_a_subject_is_read_in_order() -> None:
    assert parse_subject("C=DE, O=Red\\, Green,CN=host") == [("C", "DE"), ("O", "Red, Green"), ("CN", "host")]


def test_long_names_are_the_short_ones() -> None:
    assert parse_subject("commonName=x") == parse_subject("CN=x")


@pytest.mark.parametrize("text", ["", "CN", "CN=", "=x", "CN=x,", "CN=x,,O=y"])
def test_what_is_no_subject(text: str) -> None:
    with pytest.raises(ConfigError, match="TLS subject"):
        parse_subject(text)


def test_the_subject_of_a_certificate() -> None:
    decoded = {"subject": ((("countryName", "DE"),), (("organizationName", "a,b"),), (("commonName", "h"),))}
    assert subject_of(decoded) == parse_subject("C=DE,O=a\\,b,CN=h")
    assert subject_text(subject_of(decoded)) == "C=DE,O=a\\,b,CN=h"
    assert subject_of({}) == []


def test_a_subject_replaces_the_host_name() -> None:
    assert TlsOptions().checks_host
    assert not TlsOptions(verify_host=False).checks_host
    assert not TlsOptions(subject="CN=x").checks_host
