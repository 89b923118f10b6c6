"""How many inputs of a map share a message, so that a message is worth some milliseconds.

For backends that send messages. How many a thread takes at once is decided in Rust, in
`crates/raddle/src/pool/stream/range_size.rs`.
"""

TARGET = 0.01  # seconds of work in a message
MOST = 4096  # inputs in a message
WEIGHT = 1 << 20  # bytes of inputs and results in a message
GROWTH = 4  # times larger than the one it has learned from, at most


class ChunkSize:
    """Learns from what messages took; `size` inputs should be in the next one."""

    __slots__ = ("_weight", "_worth", "most", "size")

    def __init__(self, most=MOST):
        self.size, self.most = 1, max(1, most)
        self._worth = self._weight = 0.0

    def learn(self, count, seconds, weight):
        """Take into account a message of `count` inputs; `weight` is in bytes."""
        worth, weight = seconds / count, weight / count
        self._worth = worth if not self._worth else (self._worth * 3 + worth) / 4
        self._weight = weight if not self._weight else (self._weight * 3 + weight) / 4
        size = min(TARGET / max(self._worth, 1e-7), WEIGHT / max(self._weight, 1.0))
        self.size = max(1, int(min(size, max(self.size, count * GROWTH), self.most)))
