from types import FrameType

from raddle._raddle import Scope as Scope
from raddle._raddle import checkpoint as checkpoint
from raddle._raddle import deadline as deadline
from raddle._raddle import remaining as remaining
from raddle._raddle import shield as shield
from raddle._raddle import sleep as sleep

class Cancelled(BaseException):
    wait: str
    place: str
    late: bool
    def __init__(self, wait: str = "", place: str = "", late: bool = False) -> None: ...

def cut(late: bool, kind: str, subject: object) -> Cancelled: ...
def complete(error: Cancelled, late: bool) -> None: ...
def left(
    scope: Scope, error: BaseException | None, late: bool, outer: bool
) -> bool | TimeoutError: ...
def passed(seconds: float, waits: list[str], group: str | None = None) -> str: ...
def where(frame: FrameType | None) -> str: ...
