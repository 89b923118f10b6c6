"""Enums, frozen dataclasses and named tuples are shared, and never written again."""

import enum
import threading
from dataclasses import dataclass, replace
from typing import NamedTuple


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Config:
    name: str
    color: Color = Color.RED


class Point(NamedTuple):
    x: int
    y: int


config, origin = Config("shop"), Point(0, 0)


def work(number, out):
    own = replace(config, name=f"shop {number}", color=Color(number))
    moved = origin._replace(x=origin.x + number)
    out.append((own.name, own.color.name, config.color.name, moved.x))


out = []
threads = [threading.Thread(target=work, args=(n, out)) for n in (1, 2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(out))
print("end")
