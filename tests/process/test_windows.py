"""What is Windows' own: Ctrl-C without signals, Ctrl-Break, a program in a child's place."""

import _thread
import os
import re
import signal
import subprocess
import sys
import threading as stock
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
import raddle
from programs import PLAIN, RADDLE, environment
from raddle import _raddle
from raddle._diagnose.dump import process_tree

pytestmark = [
    pytest.mark.raddle_only,
    pytest.mark.skipif(sys.platform != "win32", reason="this is about Windows"),
]

WAITS = {
    "lock": lambda m, q: [lock := m.Lock(), lock.acquire(), lock.acquire()],
    "condition": lambda m, q: [
        condition := m.Condition(),
        condition.acquire(),
        condition.wait(),
    ],
    "event": lambda m, q: m.Event().wait(1000),
    "semaphore": lambda m, q: m.Semaphore(0).acquire(),
    "barrier": lambda m, q: m.Barrier(2).wait(),
    "queue": lambda m, q: q.Queue().get(),
    "simplequeue": lambda m, q: q.SimpleQueue().get(),
}


@pytest.mark.parametrize("wait", WAITS)
def test_ctrl_c_ends_a_wait_of_the_main_thread(threading, queue, until, asleep, wait):
    main = stock.main_thread()

    def interrupt():
        seen = sys._current_frames
        until(lambda: seen()[main.ident].f_code.co_filename == __file__, "the wait begins")
        asleep(main)
        _thread.interrupt_main()

    interrupter = stock.Thread(target=interrupt)
    with pytest.raises(KeyboardInterrupt):
        interrupter.start()
        WAITS[wait](threading, queue)
    interrupter.join()


def test_ctrl_break_shows_the_threads(child):
    done = child(
        """
        import signal
        import raddle
        raddle.configure(dump=True)
        signal.raise_signal(signal.SIGBREAK)
        print("goes on")
        """,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "goes on\n") and "MainThread" in done.stderr


def test_raddle_run_passes_the_exit_code_on(folder):
    name = folder.write("import threading; print(threading.Lock()); raise SystemExit(7)")
    done = folder.run(*RADDLE, name)
    assert done.returncode == 7 and "lock" in done.stdout, done.stderr


def test_a_lock_waits_no_longer_than_the_interpreters_can(threading):
    assert threading.Lock().acquire(timeout=threading.TIMEOUT_MAX) is True
    for wait in (threading.Lock().acquire, threading.Event().wait):
        with pytest.raises(OverflowError, match="timeout value is too large"):
            wait(timeout=threading.TIMEOUT_MAX * 1.001)


DUMPS = """
import os, subprocess, sys, threading

def dump(*words):
    command = [sys.executable, "-m", "raddle", "dump", *words]
    # (Two pipes would be read by two threads more.)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(done.returncode, done.stdout.decode(), flush=True)

lock = threading.Lock()
lock.acquire()
worker = threading.Thread(target=lock.acquire, name="worker", daemon=True)
worker.start()
"""


def test_raddle_dump_shows_a_program_that_raddle_run_runs(folder):
    name = folder.write(DUMPS + "dump(str(os.getpid()))\ndump(str(os.getpid()))\n")
    done = folder.run(*RADDLE, name)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("2 threads of process") == 2, done.stdout
    assert "waits for lock" in done.stdout and "dump(str(os.getpid()))" in done.stdout


def test_raddle_dump_shows_a_tree(folder):
    # (`raddle run` itself, whose child the program is, does not listen.)
    name = folder.write(
        f"{DUMPS}from raddle._diagnose.dump import process_tree\n"
        "dump('--tree', str(process_tree.processes()[os.getpid()][0]))\n"
    )
    done = folder.run(*RADDLE, name)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 ") and "2 threads of process" in done.stdout
    assert "does not run under `raddle run`" in done.stdout


@pytest.mark.parametrize(
    "way",
    [
        "raddle.configure(dump=True)",
        "os.environ['RADDLE_DUMP'] = '1'; raddle.install()",
        "for on in (True, False, True): raddle.configure(dump=on)",
    ],
)
def test_a_program_that_is_told_to_listens(folder, way):
    name = folder.write(f"{DUMPS}\nimport raddle\n{way}\ndump(str(os.getpid()))\n")
    done = folder.run(*PLAIN, name)
    assert done.stdout.startswith("0 ") and "2 threads" in done.stdout, done.stderr


@pytest.mark.parametrize("count", [1, 500])
def test_an_asker_that_neither_reads_nor_goes_holds_up_nobody(folder, count):
    # (The answer of five hundred threads is more than the pipe has room for.)
    name = folder.write(
        f"""{DUMPS}
for _ in range({count}):
    threading.Thread(target=lock.acquire, name="another " * 20, daemon=True).start()
held = open(rf"\\\\.\\pipe\\raddle-dump-{{os.getpid()}}", "rb", buffering=0)
dump(str(os.getpid()))
held.close()
dump(str(os.getpid()))
"""
    )
    done = folder.run(*RADDLE, name)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"{count + 2} threads of process") == 2, done.stdout


@pytest.mark.parametrize(
    "way", ["", "import raddle\nraddle.configure(dump=True)\nraddle.configure(dump=False)\n"]
)
def test_others_do_not(folder, way):
    done = folder.run(*PLAIN, folder.write(f"{DUMPS}\n{way}\ndump(str(os.getpid()))\n"))
    assert done.stdout.startswith("1 ") and "nothing was sent to it" in done.stdout


@pytest.mark.parametrize(
    ("word", "said"), [("99999", "there is no process 99999"), ("x", "no process id")]
)
def test_what_is_no_process_is_refused(folder, word, said):
    done = folder.run(sys.executable, "-m", "raddle", "dump", word)
    assert done.returncode == 1 and said in done.stderr


def test_the_pipe_is_the_users_alone():
    """The list of those that may use it has one entry: this user, and everything."""
    import ctypes
    from ctypes import wintypes

    place = rf"\\.\pipe\raddle-test-{os.getpid()}"
    _raddle._listen(place, bytes)
    kernel, security = ctypes.WinDLL("kernel32"), ctypes.WinDLL("advapi32")
    kernel.CreateFileW.restype = wintypes.HANDLE
    only_look, existing = 0x00020000, 3  # READ_CONTROL, OPEN_EXISTING
    pipe = kernel.CreateFileW(place, only_look, 0, None, existing, 0, None)
    text, descriptor = ctypes.c_wchar_p(), ctypes.c_void_p()
    try:
        kind, parts = 6, 4  # SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION
        failed = security.GetSecurityInfo(
            *(wintypes.HANDLE(pipe), kind, parts, None, None, None, None),
            ctypes.byref(descriptor),
        )
        assert not failed
        assert security.ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor, 1, parts, ctypes.byref(text), None
        )
    finally:
        kernel.CloseHandle(wintypes.HANDLE(pipe))
        _raddle._listen(None)
    entries = re.findall(r"\((.*?)\)", text.value)
    assert len(entries) == 1, text.value
    kind, *_, user = entries[0].split(";")
    # (Groups have two letters: this is somebody's own number.)
    assert kind == "A" and user.startswith("S-1-5-21-"), text.value


def test_a_worker_process_takes_no_notice_of_ctrl_c():
    assert list(raddle.map(_interrupted, range(3), backend="cores", workers=1)) == [0, 1, 2]


def _interrupted(number):
    signal.raise_signal(signal.SIGINT)
    return number


REQUESTS, ASKERS = 1000, 8
SIZES = [0, 1, 4096, 65_537, 300_000]


def test_a_server_answers_a_thousand_requests(folder):
    for size in SIZES:
        (folder.home / f"{size}.bin").write_bytes(b"%d" % (size % 7) * size)
    command = [*RADDLE, "-m", "http.server", "0", "--bind", "127.0.0.1"]
    server = subprocess.Popen(
        command,
        cwd=folder.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(PYTHONUNBUFFERED="1"),
    )
    try:
        port = re.search(rb"port (\d+)", server.stdout.readline())[1].decode()

        def ask(number):
            size = SIZES[number % len(SIZES)]
            url = f"http://127.0.0.1:{port}/{size}.bin"
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.read() == b"%d" % (size % 7) * size

        with ThreadPoolExecutor(ASKERS) as askers:
            assert list(askers.map(ask, range(REQUESTS))) == [True] * REQUESTS
    finally:
        for pid in process_tree.tree(server.pid):
            os.kill(pid, signal.SIGTERM)
        server.stdout.close()
        server.wait()
