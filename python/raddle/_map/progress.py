"""The progress of a map, on stderr: a bar on a terminal, plain lines elsewhere.

Most calls only add one to a number: the clock is read every so many items, at a rate that
follows how fast they come.
"""

import operator
import sys
import time

LOOK = 0.05  # seconds between two looks at the clock, about
LINES = 10.0  # seconds between two plain lines


def total(iterables):
    """Return how many inputs there will be, or None if that cannot be known."""
    least = None
    for each in iterables:
        try:
            length = len(each)
        except (TypeError, OverflowError):
            try:
                length = operator.length_hint(each, -1)
            except TypeError:
                length = -1
            except OverflowError:  # more than there will ever be time for
                continue
            if length < 0:
                if not _endless(each):
                    return None
                continue
        least = length if least is None else min(least, length)
    return least


def _endless(each):
    import itertools

    return isinstance(each, itertools.count)


class Progress:
    """Counts items and shows them now and then; `total` may be None.

    `title()` says what does the work: in each line, or below a bar.
    """

    def __init__(self, total, stream=None, clock=time.monotonic, title=None):
        self.total, self.count, self.shown = total, 0, 0
        self._clock = clock
        self._began = self._looked = clock()
        self._step, self._next = 1, 1
        stream = sys.stderr if stream is None else stream
        self._face = None if stream is None else _face(total, stream, self._began, title)

    def add(self):
        """Count one item."""
        self.count += 1
        if self.count >= self._next:
            self._look()

    def set(self, count):
        """Say how many there have been, at a time of the caller's."""
        self.count = count
        self._look()

    def _look(self):
        now = self._clock()
        past, self._looked = now - self._looked, now
        if past < LOOK / 2:
            self._step *= 2
        elif past > LOOK:
            self._step = max(1, self._step // 2)
        self._next = self.count + self._step
        if self._face is not None:
            self._face.show(self.count, now)

    def end(self):
        """Show where it ended; nothing is shown after that."""
        face, self._face = self._face, None
        if face is not None:
            face.end(self.count, self._clock())


def _face(total, stream, began, title):
    if not (hasattr(stream, "isatty") and stream.isatty()):
        return Lines(total, stream, began, title)
    for kind in (Tqdm, Rich):
        try:
            bar = kind(total, stream)
        except ImportError:
            continue
        return bar if title is None else Titled(bar, stream, title)
    return Lines(total, stream, began, title)


class Titled:
    """A bar, and a line below it, at its end, that says what did the work."""

    def __init__(self, bar, stream, title):
        self._bar, self._stream, self._title = bar, stream, title
        self.show = bar.show

    def end(self, count, now):
        self._bar.end(count, now)
        write(self._stream, f"raddle.map: on {self._title()}")


class Tqdm:
    """A bar by tqdm."""

    def __init__(self, total, stream):
        import tqdm

        self._bar = tqdm.tqdm(total=total, file=stream, miniters=0, dynamic_ncols=True)

    def show(self, count, now):
        self._bar.update(count - self._bar.n)

    def end(self, count, now):
        self._bar.update(count - self._bar.n)
        self._bar.close()


class Rich:
    """A bar by rich, without its thread."""

    def __init__(self, total, stream):
        from rich import console, progress

        self._bar = progress.Progress(
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TaskProgressColumn(show_speed=True),
            progress.TimeRemainingColumn(),
            console=console.Console(file=stream),
            auto_refresh=False,
        )
        self._task = self._bar.add_task("", total=total)
        self._bar.start()
        self._last = 0.0

    def show(self, count, now):
        if now - self._last >= LOOK * 2:
            self._last = now
            self._bar.update(self._task, completed=count, refresh=True)

    def end(self, count, now):
        self._bar.update(self._task, completed=count, refresh=True)
        self._bar.stop()


class Lines:
    """A plain line every few seconds, and one at the end."""

    def __init__(self, total, stream, began, title=None):
        self._total, self._stream, self._began = total, stream, began
        self._last, self._title = began, title

    def show(self, count, now):
        if now - self._last >= LINES:
            self._last = now
            self._write(count, now)

    def end(self, count, now):
        self._write(count, now, ended=True)

    def _write(self, count, now, ended=False):
        text = line(count, self._total, now - self._began, ended)
        if self._title is not None:
            text += f"; on {self._title()}"
        write(self._stream, text)


def write(stream, text):
    """Write a line, if anybody reads it."""
    try:
        stream.write(text + "\n")
        stream.flush()
    except (OSError, ValueError):
        pass


def line(count, total, seconds, ended):
    """Return one plain line: how many, how fast, how long it took or will take."""
    rate = count / seconds if seconds > 0 else 0.0
    of = f"/{total}" if total is not None else ""
    part = f" ({count * 100 // total}%)" if total else ""
    text = f"raddle.map: {count}{of}{part} in {span(seconds)}, {rate:.3g} a second"
    if not ended and total and rate:
        text += f", {span(max(0, total - count) / rate)} to go"
    return text


def span(seconds):
    """Return seconds as people write them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
