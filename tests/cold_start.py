"""Digit rows that come with a reference response, for pipelines with a supervised stage."""

from rlvr.datasets.digit_recognition import convert, demonstrate


def with_response(raw):
    """An upstream row with the worked response that a cold-start data set would hold."""
    fields = convert(raw)
    return fields | {"response": demonstrate({**fields, "row_id": "0"})}
