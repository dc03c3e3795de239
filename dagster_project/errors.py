"""The base of every error that a user can mend: its message is one clear sentence, shown without a traceback."""


class WarehouseError(Exception):
    """Something about the settings, a source, a model or the home is wrong; the message says what and what to do."""
