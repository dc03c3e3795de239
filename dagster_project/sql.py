"""Text that Python puts into SQL, quoted so that a path, a name or a value may hold any character. Runs nothing."""


def text(value: object) -> str:
    """A text literal."""
    return "'" + str(value).replace("'", "''") + "'"


def name(identifier: str) -> str:
    """A column, table or database name."""
    return '"' + identifier.replace('"', '""') + '"'
