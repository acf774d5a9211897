"""A network as a file of Python that needs torch alone."""

from connc.backends.python.file import Written, python_of

__all__ = ["Written", "python_of"]
