"""How patient a store in a bucket is, and how much it moves at once."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Bounds of the traffic with an S3 server.

    A transfer needs about `window_bytes` of memory, however large it is.
    """

    connect_seconds: float = 5.0
    """Longest wait for a connection."""
    read_seconds: float = 60.0
    """Longest silence of the server in the middle of a request or an answer."""
    attempts: int = 4
    """How often an exchange is tried whose answer broke off, or that a server known to be good failed.

    Each of them has the quick attempts of boto3 in it (3, or AWS_MAX_ATTEMPTS)."""
    wait_seconds: float = 0.5
    """Longest wait before the second attempt; it doubles with every further one, and chance picks a part of it."""
    connections: int = 10
    """Requests under way at once."""
    part_bytes: int = 16 << 20
    """Size of the parts of large files; at least 5 MiB, which S3 demands of an upload."""
    window_bytes: int = 160 << 20
    """Bytes fetched ahead of the one that is being checked and written."""

    def part_bytes_of(self, size: int) -> int:
        """Size of the parts of a file of `size` bytes: an upload has at most 10,000 of them."""
        smallest = -(-size // 10_000)
        return self.part_bytes if smallest <= self.part_bytes else -(-smallest // (1 << 20)) << 20
