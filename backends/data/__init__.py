"""Data sets as arrays of numpy: made, read from files without trust, or from a function of the user."""

from connc.backends.data.checking import checked
from connc.backends.data.colors import color_filters
from connc.backends.data.morse import morse
from connc.backends.data.parts import Data, DataError, Part
from connc.backends.data.sources import load_data

__all__ = ["Data", "DataError", "Part", "checked", "color_filters", "load_data", "morse"]
