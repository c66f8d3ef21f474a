"""The one exception that people are meant to read."""


class RlvrError(Exception):
    """Something the user can mend.

    The message is one readable paragraph: it names the row, file or field, says what was expected, and gives the
    remedy. The command line prints it without a traceback and exits with code 1.
    """

    def __init__(self, message: str = "", *, may_pass: bool = False) -> None:
        """`may_pass`: whether the same thing, done again later, may succeed with nothing mended (a server is away)."""
        super().__init__(message)
        self.may_pass = may_pass
