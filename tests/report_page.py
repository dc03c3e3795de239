"""Reads a report as a reader of the page sees it: its sections with their texts, tables and the words in charts.

What has to be on the page does not belong here.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path


@dataclass
class Section:
    """A part of the page: its text, the rows of its tables with the header, and the texts of its charts."""

    text: str = ""
    rows: list[list[str]] = field(default_factory=list)
    chart: list[str] = field(default_factory=list)

    def row(self, name: str) -> list[str]:
        """The cells behind a row's name; a name is the start of the first cell."""
        (found,) = [row[1:] for row in self.rows if row and row[0].startswith(name)]
        return found


class Report(HTMLParser):
    """The sections of a page by id; what stands before them is "header". Also every tag with its attributes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.sections = {"header": Section()}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._section, self._open = self.sections["header"], ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag == "section":
            self._section = self.sections[dict(attributes)["id"] or ""] = Section()
        if tag == "tr":
            self._section.rows.append([])
        if tag in {"td", "th"}:
            self._section.rows[-1].append("")
        if tag in {"td", "th", "text", "style"}:
            self._open = tag
        if tag == "text":
            self._section.chart.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = ""

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if self._open == "text":
            self._section.chart[-1] += data
        elif self._open in {"td", "th"}:
            cells = self._section.rows[-1]
            cells[-1] = f"{cells[-1]} {words}".strip()
        if self._open not in {"text", "style"} and words:
            self._section.text += f"{words} "
