"""Cells of a CSV file that people open in a spreadsheet: none may run as a formula, also where the spreadsheet's own
separator is a semicolon or a tab, so that a cell falls apart. SQL text only; runs nothing."""

# What makes a spreadsheet compute (OWASP, CSV injection): = + - @ and their full-width forms, also behind white space
# that it skips.
STARTS = r"[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
FORMULA = rf"^[\s\p{{Z}}\p{{C}}]*{STARTS}"
# A phone number in E.164 form is a number to a spreadsheet, and SMS tools need it as it is.
PHONE = r"\+[1-9][0-9]{1,14}"
# A semicolon behind which a cell would begin as a formula, or take in the next line.
SEMICOLON = rf";([\s\p{{Z}}\p{{C}}\"]*(?:{STARTS}|$))"


def harmless(value: str) -> str:
    """The value of an SQL expression as a cell: control characters as a space, a semicolon as a comma where a formula
    would follow it, and behind an apostrophe where it is one. Everything else unchanged."""
    one_line = rf"regexp_replace({value}, '\p{{Cc}}+', ' ', 'g')"
    one_cell = rf"regexp_replace({one_line}, '{SEMICOLON}', ',\1', 'g')"
    is_formula = f"regexp_matches({one_cell}, '{FORMULA}') and not regexp_full_match({value}, '{PHONE}')"
    return f"case when {is_formula} then '''' || {one_cell} else {one_cell} end"


def is_changed(value: str) -> str:
    """Whether the value of an SQL expression is another one as a cell; NULL where it is NULL."""
    return f"({harmless(value)} <> {value})"
