"""`raddle dump` where no signal can ask, on Unix: a socket, and a thread that answers there.

(That is macOS' way. Linux has its own; there this is tested.)
"""

import os
import signal
import stat
import subprocess
import sys
import threading as stock

import pytest
from raddle import _raddle
from raddle._diagnose.dump import listener

pytestmark = [
    pytest.mark.raddle_only,
    pytest.mark.skipif(sys.platform == "win32", reason="sockets are for the others"),
]


@pytest.fixture
def place(tmp_path):
    yield str(tmp_path / "x.socket")
    _raddle._listen(None)


def ask(place, pid=None):
    return _raddle._Asked(place, os.getpid() if pid is None else pid).wait(10)


def test_who_listens_answers_again_and_again(place):
    answers = iter([b"one", b"", b"x" * 1_000_000])
    assert not _raddle._is_listening() and not _raddle._listens(place)
    _raddle._listen(place, lambda: next(answers))
    assert _raddle._is_listening() and _raddle._listens(place)
    assert [ask(place) for _ in range(3)] == [b"one", b"", b"x" * 1_000_000]


def test_the_socket_is_the_users_alone_and_goes(place):
    _raddle._listen(place, bytes)
    facts = os.stat(place)
    assert stat.S_ISSOCK(facts.st_mode) and stat.S_IMODE(facts.st_mode) == 0o600
    _raddle._listen(None)
    assert not os.path.exists(place) and not _raddle._is_listening()
    with pytest.raises(FileNotFoundError):
        ask(place)


def test_it_can_be_switched_on_and_off(place):
    for word in (b"first", b"second", b"third"):
        _raddle._listen(place, lambda word=word: word)
        assert ask(place) == word
    _raddle._listen(None)
    _raddle._listen(None)


def test_another_process_than_the_one_that_is_asked_is_refused(place):
    _raddle._listen(place, bytes)
    with pytest.raises(PermissionError):
        ask(place, os.getppid())


def test_a_socket_that_was_left_behind_is_nobodys(place):
    code = (
        "import os, sys; from raddle import _raddle; "
        "_raddle._listen(sys.argv[1], bytes); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, place], check=True)
    with pytest.raises(FileNotFoundError):
        ask(place)
    _raddle._listen(place, lambda: b"mine")
    assert ask(place) == b"mine"


@pytest.mark.parametrize("bad", ["/nowhere/x.socket", "/" + "x" * 200], ids=["folder", "long"])
def test_a_place_that_cannot_be_is_an_error(bad):
    with pytest.raises(OSError):
        _raddle._listen(bad, bytes)
    assert not _raddle._is_listening()


@pytest.mark.parametrize("answer", [lambda: 1 / 0, lambda: "text", lambda: None])
def test_what_gives_no_answer_is_an_error_for_the_asker(place, answer):
    _raddle._listen(place, answer)
    for _ in range(2):
        with pytest.raises(OSError):
            ask(place)


def test_an_asker_that_waits_in_vain_goes_on(place):
    begun, go_on = stock.Event(), stock.Event()

    def slow():
        begun.set()
        go_on.wait()
        return b"late"

    _raddle._listen(place, slow)
    asked = _raddle._Asked(place, os.getpid())
    assert asked.wait(0.001) is None
    assert begun.wait(10)
    go_on.set()
    assert asked.wait(10) == b"late"


def test_ctrl_c_ends_the_wait_for_an_answer(place):
    go_on, main = stock.Event(), stock.main_thread().ident

    def slow():
        signal.pthread_kill(main, signal.SIGINT)
        go_on.wait()
        return b""

    _raddle._listen(place, slow)
    asked = _raddle._Asked(place, os.getpid())
    with pytest.raises(KeyboardInterrupt):
        asked.wait(60)
    go_on.set()


def test_the_listener_is_no_thread_of_the_programs(place):
    before = sys._current_frames().keys(), stock.enumerate()
    _raddle._listen(place, bytes)
    assert ask(place) == b""
    assert (sys._current_frames().keys(), stock.enumerate()) == before


PROGRAM = """
import os, sys, threading
from raddle._diagnose.dump import listener, signal_handler
signal_handler._place = os.environ["TMPDIR"] = sys.argv[1]
os.environ.pop("XDG_RUNTIME_DIR", None)
listener.begin()
"""


def test_a_program_shows_its_threads(tmp_path):
    rest = """
from raddle import _raddle, threading
lock = threading.Lock()
lock.acquire()
waits = threading.Thread(target=lock.acquire, name="waits", daemon=True)
waits.start()
while not any(each[0] == waits.ident for each in _raddle._waits()):
    pass
answer = _raddle._Asked(listener.place(os.getpid()), os.getpid()).wait(10).decode()
assert "2 threads of process" in answer and "waits for lock" in answer, answer
"""
    done = _run(tmp_path, rest)
    assert done.returncode == 0, done.stderr


def test_a_forked_child_listens_at_a_place_of_its_own(tmp_path):
    rest = """
from raddle import _raddle
pid = os.fork()
if not pid:
    mine = _raddle._Asked(listener.place(os.getpid()), os.getpid()).wait(10).decode()
    os._exit(0 if f"of process {os.getpid()}" in mine else 1)
assert os.waitpid(pid, 0)[1] == 0
mine = _raddle._Asked(listener.place(os.getpid()), os.getpid()).wait(10).decode()
assert f"of process {os.getpid()}" in mine, mine
"""
    done = _run(tmp_path, rest)
    assert done.returncode == 0, done.stderr


def test_a_forked_child_that_works_is_not_told_to_hang(tmp_path):
    rest = """
import raddle, time
from raddle import threading
pid = os.fork()
if not pid:
    def work():
        until = time.monotonic() + 3
        while time.monotonic() < until:
            pass
    busy = threading.Thread(target=work)
    busy.start()
    busy.join()
    os._exit(len(raddle.deadlocks()))
assert os.waitpid(pid, 0)[1] == 0
"""
    done = _run(tmp_path, rest)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_that_ends_leaves_nothing(tmp_path):
    done = _run(tmp_path, "assert os.listdir(os.path.dirname(listener.place(1)))\n")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / f"raddle-{os.geteuid()}").iterdir()) == []


def test_a_folder_that_others_may_enter_is_refused(tmp_path):
    home = tmp_path / f"raddle-{os.geteuid()}"
    home.mkdir()
    home.chmod(0o755)
    done = _run(tmp_path, "")
    assert done.returncode == 1 and "is not a private folder" in done.stderr


def _run(home, rest):
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM + rest, str(home)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_place_is_the_private_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert listener.place(7) == str(tmp_path / f"raddle-{os.geteuid()}" / "7.socket")
