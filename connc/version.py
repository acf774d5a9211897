"""The version of connc, written down once."""

__version__ = "0.1.0"
