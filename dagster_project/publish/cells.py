"""Cells of a CSV file that people open in a spreadsheet: none may run as a formula. SQL text only; runs nothing."""

# What makes a spreadsheet compute (OWASP, CSV injection): = + - @ and their full-width forms, also behind white space
# that it skips; and control characters, behind which some programs begin a cell anew.
FORMULA = r"^[\s\p{Z}\p{C}]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|^\p{Cc}"
# A phone number in E.164 form is a number to a spreadsheet, and SMS tools need it as it is.
PHONE = r"\+[1-9][0-9]{1,14}"


def is_formula(value: str) -> str:
    """Whether a spreadsheet might run the value of an SQL expression; NULL where that is NULL."""
    return f"(regexp_matches({value}, '{FORMULA}') and not regexp_full_match({value}, '{PHONE}'))"


def harmless(value: str) -> str:
    """The value of an SQL expression behind an apostrophe where a spreadsheet might run it, else unchanged."""
    return f"case when {is_formula(value)} then '''' || {value} else {value} end"
