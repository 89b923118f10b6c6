"""How far a map has come: what is shown, and how rarely."""

import fcntl
import io
import itertools
import os
import pty
import struct
import subprocess
import sys
import termios

import kinds
import pytest
import raddle
from raddle._map import progress

pytestmark = pytest.mark.raddle_only


class Clock:
    """A clock that moves on by `step` seconds at every reading."""

    def __init__(self, step):
        self.now, self.step, self.readings = 0.0, step, 0

    def __call__(self):
        self.now += self.step
        self.readings += 1
        return self.now


def test_plain_lines_where_nobody_looks(capsys):
    assert sum(raddle.map(abs, range(100), workers=2, progress=True)) == 4950
    err = capsys.readouterr().err
    assert err.startswith("raddle.map: 100/100 (100%) in ")
    assert err.count("\n") == 1


def test_an_unknown_total_has_no_percentage(capsys):
    inputs = (n for n in range(10))
    assert len(list(raddle.map(abs, inputs, workers=2, progress=True))) == 10
    assert capsys.readouterr().err.startswith("raddle.map: 10 in ")


def test_the_clock_is_read_rarely_when_items_are_fast():
    clock = Clock(1e-6)
    bar = progress.Progress(None, io.StringIO(), clock)
    for _ in range(100_000):
        bar.add()
    assert clock.readings < 40


def test_slow_items_are_shown_as_they_come():
    out, clock = io.StringIO(), Clock(6.0)
    bar = progress.Progress(10, out, clock)
    for _ in range(10):
        bar.add()
    bar.end()
    lines = out.getvalue().splitlines()
    assert len(lines) == 6
    assert lines[0] == "raddle.map: 2/10 (20%) in 12.0 s, 0.167 a second, 48.0 s to go"


@pytest.mark.parametrize(
    ("iterables", "expected"),
    [
        ([[1, 2, 3]], 3),
        ([[1, 2, 3], "ab"], 2),
        ([range(5), itertools.count()], 5),
        ([iter([1, 2])], 2),
        ([[1], (n for n in [1])], None),
        ([range(sys.maxsize + 1), [1]], 1),
    ],
)
def test_the_total_is_known_if_every_length_is(iterables, expected):
    assert progress.total(iterables) == expected


def test_times_are_written_as_people_write_them():
    assert [progress.span(s) for s in (0.04, 59.94, 61, 3723)] == [
        "0.0 s",
        "59.9 s",
        "1:01",
        "1:02:03",
    ]


def test_an_error_ends_the_bar(capsys):
    with pytest.raises(ZeroDivisionError):
        list(raddle.map(lambda n: 1 // n, [2, 1, 0], workers=1, progress=True))
    assert capsys.readouterr().err.startswith("raddle.map: 3/3")


BAR = """
import sys
for name in {hidden!r}:
    sys.modules[name] = None
import raddle
assert not {{"tqdm", "rich"}} & {{n for n, m in sys.modules.items() if m}}
assert sum(raddle.map(abs, range(1000), workers=2, progress=True)) == 499500
print(sorted({{"tqdm", "rich"}} & {{n for n, m in sys.modules.items() if m}}))
"""


def on_a_terminal(code):
    """Run a program whose stderr is a terminal; return its stdout and what it showed."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=slave, env=environment
    ) as process:
        os.close(slave)
        shown = b""
        try:
            while data := os.read(master, 4096):
                shown += data
        except OSError:  # the other end is closed
            pass
        os.close(master)
        out = process.stdout.read().decode()
        assert process.wait(60) == 0, shown.decode()
    return out, shown.decode()


@pytest.mark.parametrize(
    ("hidden", "used", "shows"),
    [
        ([], "tqdm", "1000/1000"),
        (["tqdm"], "rich", "1000/1000"),
        (["tqdm", "rich"], None, "1000/1000 (100%)"),
    ],
)
def test_a_bar_where_somebody_looks(hidden, used, shows):
    if used is not None:
        pytest.importorskip(used)
    out, shown = on_a_terminal(BAR.format(hidden=hidden))
    assert out == f"{[used] if used else []}\n"
    assert shows in shown


@pytest.mark.parametrize("kind", kinds.LOCAL)
def test_every_backend_counts(kind, capfd):
    assert len(list(raddle.map(abs, range(300), backend=kind, workers=2, progress=True))) == 300
    assert "300/300 (100%)" in capfd.readouterr().err
