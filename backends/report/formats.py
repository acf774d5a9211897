"""All formats, and what names of files say which."""

from collections.abc import Callable

from connc.backends.report.csv import csv
from connc.backends.report.html import html
from connc.backends.report.markdown import markdown
from connc.backends.report.sections import Tables
from connc.backends.report.text import text
from connc.compiler.network import Network

__all__ = ["REPORTS", "SUFFIXES", "Tables"]

REPORTS: dict[str, Callable[[Network, Tables], str]] = {"text": text, "md": markdown, "html": html, "csv": csv}
SUFFIXES = {".txt": "text", ".md": "md", ".html": "html", ".csv": "csv", ".json": "json"}
