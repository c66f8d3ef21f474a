"""Interrupting a stage in its middle."""


class Interrupted(Exception):
    """Raised in the middle of a stage."""


def interrupt_after(monkeypatch, owner, name, calls):
    """Make `owner.name` raise once it has been called `calls` times."""
    whole, done = getattr(owner, name), []

    def stop(*args, **kwargs):
        if len(done) == calls:
            raise Interrupted
        done.append(None)
        return whole(*args, **kwargs)

    monkeypatch.setattr(owner, name, stop)
