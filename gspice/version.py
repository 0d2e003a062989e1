"""The version of GSpice."""

VERSION = "0.1.0"
