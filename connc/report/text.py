"""Diagnostics for people: the message, the lines it is about, the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from connc.dsl.diagnostic import Diagnostic
from connc.dsl.source import Source
from connc.report.excerpt import Mark, Row, mark_of, rows
from connc.report.places import counts
from connc.report.visible import flat, visible

SGR = {"error": "1;31", "warning": "1;33", "gutter": "1;34", "strong": "1"}

Paint = Callable[[str, str], str]  # a style and a text to the text in that style


def render(diagnostics: Sequence[Diagnostic], *, color: bool = False) -> str:
    """All messages, then a line that counts them; nothing where there is nothing to say."""
    if not diagnostics:
        return ""
    paint = _colored if color else _plain
    messages = ["\n".join(_Message(diagnostic, paint).lines()) for diagnostic in diagnostics]
    return "\n\n".join([*messages, _closing(diagnostics, paint)]) + "\n"


def _colored(style: str, text: str) -> str:
    return f"\x1b[{SGR[style]}m{text}\x1b[0m" if text else ""


def _plain(_style: str, text: str) -> str:
    return text


class _Message:
    """One message; its gutter is as wide as the largest number of a line in it."""

    def __init__(self, diagnostic: Diagnostic, paint: Paint) -> None:
        self.diagnostic, self.code, self.paint = diagnostic, diagnostic.code, paint
        self.files = _marks_by_file(diagnostic)
        self.width = max(len(str(mark.number)) for marks in self.files.values() for mark in marks)

    def lines(self) -> Iterator[str]:
        headline = self.paint("strong", f": {flat(self.diagnostic.message)}")
        yield self.paint(self.code.severity, f"{self.code.severity}[{self.code.id}]") + headline
        for number, (source, marks) in enumerate(self.files.items()):
            yield from self._file(source, marks, first=number == 0)
        if self.diagnostic.help:
            yield self._gutter(" |")
        yield from map(self._help, self.diagnostic.help)

    def _gutter(self, sign: str, number: str = "") -> str:
        return self.paint("gutter", f"{number:>{self.width}}{sign}")

    def _file(self, source: Source, marks: Sequence[Mark], *, first: bool) -> Iterator[str]:
        """Of an empty file, often one that could not be read, there is nothing to show."""
        place = marks[0].place
        if not first:
            yield self._gutter(" |")
        yield f"{self._gutter('-->' if first else ':::')} {visible(source.name)}:{place.line}:{place.column}"
        if source.text or any(mark.text for mark in marks):
            yield self._gutter(" |")
            yield from map(self._row, rows(source, marks))

    def _row(self, row: Row) -> str:
        if row.gutter == "...":
            return self.paint("gutter", "...")
        body = f" {row.body}" if row.body else ""
        style = self.code.severity if row.primary else "gutter"
        return self._gutter(" |", row.gutter) + (body if row.gutter else self.paint(style, body))

    def _help(self, text: str) -> str:
        """Where it has several lines, all of them start in the same column."""
        indent = "\n" + " " * (self.width + len(" = help: "))
        words = indent.join(visible(line) for line in text.splitlines())
        return f"{self._gutter(' =')} {self.paint('strong', 'help:')} {words}"


def _marks_by_file(diagnostic: Diagnostic) -> dict[Source, list[Mark]]:
    """The file with the mistake comes first, and so does the mistake in it."""
    files: dict[Source, list[Mark]] = {}
    for number, label in enumerate(diagnostic.labels):
        files.setdefault(label.span.source, []).append(mark_of(label, primary=number == 0))
    return files


def _closing(diagnostics: Sequence[Diagnostic], paint: Paint) -> str:
    count = counts(diagnostics)
    kinds = [_counted(count[f"{kind}s"], kind) for kind in ("error", "warning") if count[f"{kind}s"]]
    first = next((d for d in diagnostics if d.is_error), diagnostics[0])
    where = f"{count['files']} files" if count["files"] > 1 else visible(first.span.source.name)
    return paint("strong", f"{' and '.join(kinds)} in {where}") + f"; `connc explain {first.code.id}` says more"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
