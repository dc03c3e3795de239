"""Takes a dbt SQL file apart into what the lint reads: its SQL, its Jinja code, the SQL in Jinja's strings.

Belongs here: comments, strings and Jinja blocks, found without changing any offset, so that a finding keeps
its line. Does not belong here: what is allowed (sql_lint.py).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

JINJA_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
JINJA_BLOCK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
JINJA_STRING = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""", re.DOTALL)
SQL_COMMENT_OR_STRING = re.compile(r"""(?P<comment>--[^\n]*|/\*.*?\*/)|'(?:[^']|'')*'|"[^"]*\"""", re.DOTALL)
WINDOW = re.compile(r"\bover\s*\(", re.IGNORECASE)
WINDOW_ORDER = re.compile(r"\border\s+by\b(?P<keys>.*?)(?:\b(?:rows|range)\b.*)?$", re.DOTALL | re.IGNORECASE)
TALKS_TO_PEOPLE = re.compile(r"\bexceptions\.|\blog\s*\(")
DISPATCHED_MACRO = re.compile(r"\{%-?\s*macro\s+(?:duckdb|spark)__.*?\{%-?\s*endmacro\s*-?%\}", re.DOTALL)


@dataclass(frozen=True)
class Piece:
    """Part of a file, with where it starts in it."""

    start: int
    text: str


def _blank(match: re.Match[str]) -> str:
    """As many characters as the match, line ends kept, the rest spaces."""
    return re.sub(r"[^\n]", " ", match[0])


def _without_comments(sql: str) -> str:
    return SQL_COMMENT_OR_STRING.sub(lambda match: _blank(match) if match["comment"] else match[0], sql)


def line_of(text: str, offset: int) -> int:
    """The number, from 1, of the line at an offset."""
    return text.count("\n", 0, offset) + 1


def without_dispatched_macros(text: str) -> str:
    """The file without Jinja comments and without the macros written for one engine."""
    return DISPATCHED_MACRO.sub(_blank, JINJA_COMMENT.sub(_blank, text))


def sql_piece(text: str) -> Piece:
    """The file's SQL: no Jinja, no comments, no strings, no quoted names."""
    return Piece(0, SQL_COMMENT_OR_STRING.sub(_blank, JINJA_BLOCK.sub(_blank, text)))


def jinja_pieces(text: str) -> Iterator[tuple[Piece, list[Piece]]]:
    """Each Jinja block outside SQL comments: its code without strings, and the SQL that its strings hold."""
    for block in JINJA_BLOCK.finditer(_without_comments(text)):
        code = Piece(block.start(), JINJA_STRING.sub(_blank, block[0]))
        strings = [
            Piece(
                block.start() + string.start() + 1,
                SQL_COMMENT_OR_STRING.sub(_blank, string[1] if string[1] is not None else string[2]),
            )
            for string in JINJA_STRING.finditer(block[0])
            if not TALKS_TO_PEOPLE.search(code.text)
        ]
        yield code, strings


def window_orders(sql: Piece) -> Iterator[tuple[int, list[str]]]:
    """Where each window starts, and the keys that it orders by."""
    for match in WINDOW.finditer(sql.text):
        order = WINDOW_ORDER.search(_parenthesised(sql.text, match.end()))
        if order:
            yield match.start(), [key.strip() for key in _top_level_parts(order["keys"])]


def _parenthesised(text: str, start: int) -> str:
    """The text from `start`, just after an opening parenthesis, to the one that closes it."""
    depth = 1
    for end in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0:
            return text[start:end]
    return text[start:]


def _top_level_parts(text: str) -> list[str]:
    """The text cut at the commas that stand in no parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
