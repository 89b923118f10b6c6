"""Files packed, unpacked and summed by a pool: the time is zlib's and hashlib's."""

import hashlib
import zlib
from concurrent.futures import ThreadPoolExecutor

import measured

STDLIB = True


def pack(number):
    data = b"".join(b"line %d of file %d\n" % (n, number) for n in range(2_000))
    packed = zlib.compress(data, 6)
    again = zlib.decompress(packed)
    assert hashlib.sha256(again).digest() == hashlib.sha256(data).digest()
    return len(data), len(packed)


def main(scale):
    with ThreadPoolExecutor(4) as pool:
        sizes = list(pool.map(pack, range(scale)))
    assert len(sizes) == scale
    assert sum(packed for _, packed in sizes) < sum(data for data, _ in sizes) / 3


if __name__ == "__main__":
    measured.run(main, 750)
