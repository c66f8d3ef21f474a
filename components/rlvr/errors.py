"""The one exception that people are meant to read."""


class RlvrError(Exception):
    """Something the user can mend.

    The message is one readable paragraph: it names the row, file or field, says what was expected, and gives the
    remedy. The command line prints it without a traceback and exits with code 1.
    """
