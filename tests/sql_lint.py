"""The lint of dbt SQL: which constructs a model may not use, and what to use instead.

Belongs here: what would make a model depend on one engine, on the clock, or on the order of its input.
Does not belong here: how SQL is laid out, what the data must look like (dbt tests, expectations), or what
differs between engines and stands in a dispatched macro (`duckdb__…`, `spark__…`), which is never linted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sql_text import Piece, jinja_pieces, line_of, sql_piece, window_orders, without_dispatched_macros


@dataclass(frozen=True)
class Ban:
    """How to find a construct, and what a model uses instead."""

    pattern: re.Pattern[str]
    instead: str


@dataclass(frozen=True)
class Finding:
    """A banned construct at a line of a file."""

    path: Path
    line: int
    construct: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: `{self.construct}` is not allowed here: {self.instead}"


def _ban(pattern: str, instead: str) -> Ban:
    return Ban(re.compile(pattern, re.IGNORECASE), instead)


def _functions(names: str, instead: str) -> Ban:
    return _ban(rf"(?<![\w.])(?:{'|'.join(names.split())})\s*\(", instead)


def _words(words: str, instead: str) -> Ban:
    return _ban(rf"(?<![\w.])(?:{'|'.join(words.split())})(?!\w)", instead)


CLOCK = "a model never reads the clock; use {{ as_of_date() }}"
RANDOM = "results repeat; derive it from the row with {{ hash_key([...]) }}"
TIES = "equal values get equal scores; compare with cuts from {{ quantile(value, share) }}"
PICK = "which row it takes is open; use row_number() over (… order by …, a key) = 1 or {{ known_value(…) }}"
QUANTILES = "use {{ quantile(value, share) }} or {{ median(value) }}"
EXACT = "use the exact aggregate"
NESTED = "rows are flat; join to a relation with one row per element"
DATES = "use {{ days_between(later, earlier) }} or {{ add_days(date, days) }}"
TIME_AS_TEXT = "cast, or use {{ utc_timestamp(value) }}"
ZONES = "use {{ business_date(ts) }}, {{ local_to_utc(ts, zone) }} or {{ utc_timestamp(value) }}"
PATTERNS = "put it into a dispatched macro of macros/engine.sql"
JSON = "use {{ json_text(column, 'a.b') }}"
RAW = "use {{ raw(platform, table) }}"
HASHES = "use {{ hash_key([...]) }}"
LIKE = "use like, on lower(value) where case does not matter"
NAMES = "name the columns"
TYPES = "use a type that both engines know: string, timestamp, decimal(p, s)"
JOINS = "DuckDB may keep all rows of the relation to answer it; use semi join or anti join"
MACRO = "engines differ; it needs a dispatched macro in dbt/macros/engine.sql"
NULL_ORDER = "engines sort NULL differently; every key of a window's order ends in nulls last"

# Looked for in a file's SQL and in the SQL that its Jinja passes to macros as text.
SQL_BANS = [
    _functions("now today getdate sysdate unix_timestamp get_current_timestamp", CLOCK),
    _words("current_date current_timestamp current_time localtime localtimestamp", CLOCK),
    _functions("random rand uuid gen_random_uuid", RANDOM),
    _functions("ntile", TIES),
    _functions("any_value arbitrary mode first last", PICK),
    _functions("arg_max arg_min argmax argmin max_by min_by", PICK),
    _ban(r"\brow_number\s*\(\s*\)\s*over\s*\((?:(?!\border\s+by\b)[^()])*\)", PICK),
    _ban(r"\bdistinct\s+on\s*\(", PICK),
    _functions(r"median quantile quantile_\w+ percentile percentile_\w+", QUANTILES),
    _functions(r"approx_\w+", EXACT),
    _functions(r"list list_\w+ array array_\w+ struct struct_\w+ named_struct map map_\w+ row", NESTED),
    _functions("unnest explode flatten generate_series range len collect_list collect_set", NESTED),
    _functions("string_agg listagg group_concat split string_split str_split", NESTED),
    _functions("strftime strptime date_format to_char to_date to_timestamp from_unixtime", TIME_AS_TEXT),
    _functions("epoch epoch_ms epoch_us epoch_ns", TIME_AS_TEXT),
    _functions("date_diff datediff date_sub date_add dateadd to_days timestampdiff timestampadd", DATES),
    _functions("timezone convert_timezone from_utc_timestamp to_utc_timestamp", ZONES),
    _ban(r"\bat\s+time\s+zone\b", ZONES),
    _functions(r"regexp_\w+ rlike", PATTERNS),
    _ban(r"\bsimilar\s+to\b", PATTERNS),
    _functions(r"json_\w+ get_json_object to_json from_json", JSON),
    _functions(r"read_\w+ parquet_scan", RAW),
    _functions("hash sha256 sha2 xxhash64", HASHES),
    _functions("concat", "engines disagree about NULL; use ||"),
    _words("ilike glob", LIKE),
    _functions("starts_with startswith ends_with endswith contains strpos", LIKE),
    _functions("columns exclude", NAMES),
    _ban(r"\*\s*(?:replace|rename|except)\s*\(", NAMES),
    _ban(r"\b(?:group|order)\s+by\s+all\b", NAMES),
    _ban(r"\bunion\s+(?:all\s+)?by\s+name\b", "use {{ union_all_by_name() }}"),
    _words("qualify", "number the rows in one step and filter in the next"),
    _functions("exists", JOINS),
    _ban(r"\bfilter\s*\(\s*where\b", "use case inside the aggregate"),
    _functions("dayofweek weekday isodow dayname", MACRO),
    _words("pivot unpivot asof tablesample rowid", MACRO),
    _ban(r"\busing\s+sample\b", MACRO),
    _words("varchar hugeint timestamptz", TYPES),
    _ban(r"\bas\s+(?:decimal|numeric)\s*\)", TYPES),
    _ban(r"::", "use cast(… as …)"),
]

# Looked for in a file's SQL only: in text that Jinja passes on, these signs belong to patterns and paths.
SIGN_BANS = [
    _ban(r"\[", NESTED),
    _ban(r"->>?", JSON),
    _ban(r"//", "use floor(a / b)"),
    _ban(r"\*\*|\^", "use power(a, b)"),
    _ban(r"~", PATTERNS),
]

# Looked for in a file's Jinja code.
JINJA_BANS = [
    _ban(r"(?<![\w.])run_started_at\b|\bmodules\.datetime\b|\bcurrent_timestamp\w*\s*\(", CLOCK),
    _words("invocation_id", RANDOM),
]


def _matches(piece: Piece, bans: list[Ban]) -> Iterator[tuple[int, str, str]]:
    for ban in bans:
        for match in ban.pattern.finditer(piece.text):
            yield piece.start + match.start(), " ".join(match[0].split()), ban.instead


def _windows_without_null_order(sql: Piece) -> Iterator[tuple[int, str, str]]:
    for start, keys in window_orders(sql):
        for key in keys:
            if key and not re.search(r"\bnulls\s+last$", key, re.IGNORECASE):
                yield start, f"order by {' '.join(key.split())}", NULL_ORDER


def lint_text(text: str, path: Path) -> list[Finding]:
    """Every banned construct of one model or macro file, in the order of the lines."""
    linted = without_dispatched_macros(text)
    sql = sql_piece(linted)
    found = [*_matches(sql, SQL_BANS + SIGN_BANS), *_windows_without_null_order(sql)]
    for code, strings in jinja_pieces(linted):
        found += _matches(code, JINJA_BANS)
        for string in strings:
            found += _matches(string, SQL_BANS)
    return [Finding(path, line_of(linted, offset), construct, instead) for offset, construct, instead in sorted(found)]


def lint_project(project: Path) -> list[Finding]:
    """Every banned construct in the models and macros of a dbt project."""
    files = sorted([*project.glob("models/**/*.sql"), *project.glob("macros/**/*.sql")])
    return [finding for file in files for finding in lint_text(file.read_text(), file.relative_to(project))]
