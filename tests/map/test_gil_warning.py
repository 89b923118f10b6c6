"""GilBoundWarning: what the clocks show, and two real runs."""

import os
import subprocess
import sys

import pytest
import raddle
from raddle._map import gil_warning
from raddle._map.gil_warning import Clocks, bound

pytestmark = pytest.mark.raddle_only

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


def test_work_that_shares_one_core_is_bound():
    assert bound(Clocks(cpu=3.16, busy=12.3, elapsed=3.1, most=4), 8, False)


def test_it_is_bound_on_a_busy_machine_too():
    # The threads had 80% of a core, and waited for one the rest of the time.
    assert bound(Clocks(cpu=2.5, busy=6.1, elapsed=3.1, most=2, starved=0.5), 2, False)


@pytest.mark.parametrize(
    "clocks",
    [  # Measured, on two cores of which something else took a third.
        pytest.param(Clocks(1.2, 2.7, 1.36, 2, 0.37), id="two workers"),
        pytest.param(Clocks(1.2, 2.72, 1.37, 2, 0.52), id="two that waited longer"),
        pytest.param(Clocks(1.21, 5.35, 1.41, 4, 0.55), id="four workers"),
        pytest.param(Clocks(1.21, 8.64, 1.41, 8, 0.65), id="eight, which ask for the GIL"),
    ],
)
def test_it_is_bound_where_something_else_takes_a_third_of_the_cores(clocks):
    assert bound(clocks, 2, False)


@pytest.mark.parametrize(
    ("clocks", "cores", "parallel"),
    [
        pytest.param(Clocks(0.02, 12.0, 3.0, 4), 8, False, id="tasks that sleep"),
        pytest.param(Clocks(1.2, 12.0, 3.0, 4), 8, False, id="tasks that wait for a disk"),
        pytest.param(Clocks(5.9, 6.0, 3.0, 2), 8, False, id="C code without the GIL"),
        pytest.param(Clocks(3.0, 6.0, 3.0, 2, 2.9), 2, False, id="the same, machine busy"),
        pytest.param(Clocks(1.5, 6.0, 3.0, 2, 1.5), 2, False, id="too busy to tell"),
        # Measured: sha256() of what is large lets go of the GIL.
        pytest.param(Clocks(1.11, 2.99, 1.55, 2, 1.76), 2, False, id="C code, a third busy"),
        pytest.param(Clocks(0.63, 1.52, 0.76, 2, 0.43), 2, False, id="C code that sleeps"),
        pytest.param(Clocks(0.62, 3.46, 0.88, 4, 1.0), 2, False, id="four of them"),
        pytest.param(Clocks(3.0, 3.1, 3.0, 1), 8, False, id="one worker"),
        pytest.param(Clocks(3.0, 3.2, 3.0, 2), 8, False, id="one task at a time"),
        pytest.param(Clocks(0.3, 0.6, 0.3, 2), 8, False, id="too short to tell"),
        pytest.param(Clocks(3.0, 6.0, 3.0, 2), 1, False, id="one core"),
        pytest.param(Clocks(3.0, 6.0, 3.0, 2), 8, True, id="no GIL"),
        pytest.param(Clocks(0.0, 0.0, 0.0, 0), 8, False, id="nothing at all"),
    ],
)
def test_other_work_is_not(clocks, cores, parallel):
    assert not bound(clocks, cores, parallel)


def test_the_advice_says_what_was_measured_and_what_would_help():
    text = gil_warning.advice(Clocks(3.16, 12.3, 3.1, 4), interpreters=True)
    assert text.startswith("4 workers used 1.02 cores over 3.1 s")
    # The word that needs no choice comes first.
    assert text.index('backend="cores"') < text.index('backend="interpreters"')
    for remedy in ('backend="processes"', 'backend="interpreters"', "free-threaded"):
        assert remedy in text
    assert "interpreters" not in gil_warning.advice(
        Clocks(3.16, 12.3, 3.1, 4), interpreters=False
    )


def test_it_is_a_runtime_warning():
    assert issubclass(raddle.GilBoundWarning, RuntimeWarning)
    assert raddle.GilBoundWarning is gil_warning.GilBoundWarning


SPIN = """
import time, warnings, raddle
from raddle._map import gil_warning
warnings.simplefilter({action!r}, raddle.GilBoundWarning)
last, tell = [], gil_warning.tell
def told(clocks, *facts):
    last[:] = [clocks]
    tell(clocks, *facts)
gil_warning.tell = told
def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        for _ in range(1000):
            pass
# Until the clocks are clear: on a machine that is busy with something else, they may not be.
end = time.monotonic() + {patience}
while not gil_warning._told and time.monotonic() < end:
    list(raddle.map(spin, [0.02] * 50, workers=2))
if not gil_warning._told and last and last[0].starved > 0.1 * last[0].cpu:
    print("busy machine")
list(raddle.map(spin, [0.02] * 50, workers=2))
print("done")
"""


def spinning(child, action, patience):
    done = child(SPIN.format(action=action, patience=patience), check=False)
    if "busy machine" in done.stdout:
        pytest.skip("this machine was busy with something else all the time")
    return done


BURN = """
import time
while True:
    end = time.thread_time() + 0.02
    while time.thread_time() < end:
        pass
    time.sleep(0.01)
"""


@pytest.fixture
def burning():
    """Other processes, which take a third of the cores."""
    count = max(1, CORES // 2)
    running = [subprocess.Popen([sys.executable, "-S", "-c", BURN]) for _ in range(count)]
    yield
    for each in running:
        each.kill()
        each.wait()


@pytest.mark.skipif(not GIL, reason="there is no GIL here")
@pytest.mark.skipif(CORES < 2, reason="one core would not help either")
def test_a_cpu_bound_map_warns_beside_other_programs(child, burning):
    done = spinning(child, "always", 30)
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert done.stderr.count("GilBoundWarning") == 1


@pytest.mark.skipif(not GIL, reason="there is no GIL here")
@pytest.mark.skipif(CORES < 2, reason="one core would not help either")
def test_a_cpu_bound_map_on_threads_warns_once(child):
    done = spinning(child, "always", 30)
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert done.stderr.count("GilBoundWarning") == 1
    assert "2 workers used" in done.stderr
    assert "<string>" in done.stderr  # the line is the program's, not raddle's


@pytest.mark.skipif(GIL, reason="there is a GIL here")
def test_a_cpu_bound_map_without_a_gil_does_not_warn(child):
    assert child(SPIN.format(action="error", patience=2)).stdout == "done\n"


def test_tasks_that_sleep_do_not_warn(child):
    code = """
    import time, warnings, raddle
    warnings.simplefilter("error")
    print(len(list(raddle.map(time.sleep, [0.1] * 20, workers=2))))
    """
    assert child(code).stdout == "20\n"


@pytest.mark.skipif(not GIL, reason="there is no GIL here")
@pytest.mark.skipif(CORES < 2, reason="one core would not help either")
def test_the_warning_as_an_error_is_raised_to_the_consumer(child):
    done = spinning(child, "error", 30)
    assert done.returncode == 1
    assert "raddle.GilBoundWarning: 2 workers used" in done.stderr
