"""Which programs answer Ctrl-\\ and `raddle dump PID`, and `raddle dump --tree`."""

import os
import re
import signal
import subprocess
import sys

import pytest
from asking import HANGS, SAY, ask, ask_until, quit_until, refused, running
from programs import PATIENCE, PLAIN, environment
from raddle._diagnose.dump import process_tree

pytestmark = pytest.mark.raddle_only

SLEEP = HANGS["sleep"][0]
ON = {
    "RADDLE=1": ("", {"RADDLE": "1", "RADDLE_DUMP": "1"}),
    "a word for it": ("", {"RADDLE": "yes", "RADDLE_DUMP": "On"}),
    "install()": ("import raddle\nraddle.install()\n", {"RADDLE_DUMP": "1"}),
    "configure()": ("import raddle\nraddle.configure(dump=True)\n", {}),
    "both": (
        "import raddle\nraddle.install()\nraddle.configure(dump=True)\n",
        {"RADDLE_DUMP": "1"},
    ),
    "off and on": (
        "import raddle\nraddle.configure(dump=True)\nraddle.configure(dump=False)\n"
        "raddle.configure(dump=True)\n",
        {},
    ),
    "TMPDIR changes": (
        "import os, raddle\nraddle.configure(dump=True)\nos.environ['TMPDIR'] = '/'\n"
        "os.environ['XDG_RUNTIME_DIR'] = '/'\n",
        {},
    ),
    "TMPDIR has changed": (
        "import os, raddle\ndel os.environ['XDG_RUNTIME_DIR']\n"
        "os.environ['TMPDIR'] = os.getcwd()\nraddle.configure(dump=True)\n",
        {},
    ),
}


@pytest.mark.parametrize("way", ON)
def test_a_program_that_is_told_to_listens(way, folder, home):
    source, env = ON[way]
    with running(PLAIN, folder, home, source + SLEEP, **env) as process:
        quit_until("time.sleep(900)", process)
        ask_until("time.sleep(900)", process.pid, home)
        assert process.poll() is None
    assert list(home.iterdir()) == []


OFF = {
    "RADDLE=1 alone": ("", {"RADDLE": "1"}),
    "RADDLE_DUMP=0": ("", {"RADDLE": "1", "RADDLE_DUMP": "0"}),
    "RADDLE_DUMP=off": ("", {"RADDLE": "1", "RADDLE_DUMP": "off"}),
    "RADDLE_DUMP alone": ("", {"RADDLE_DUMP": "1"}),
    "RADDLE=0": ("", {"RADDLE": "0", "RADDLE_DUMP": "1"}),
    "install() alone": ("import raddle\nraddle.install()\n", {}),
    "switched off": (
        "import raddle\nraddle.install()\nraddle.configure(dump=False)\n",
        {"RADDLE_DUMP": "1"},
    ),
    # As the runtimes of other languages do, which end by signals that they do not know.
    "a child that catches all signals": (
        "import os, signal\n"
        "for number in range(34, 65):\n    signal.signal(number, lambda *_: os._exit(3))\n",
        {"RADDLE": "0", "RADDLE_RUN": "1", "RADDLE_DUMP": "1"},
    ),
}


@pytest.mark.parametrize("way", OFF)
def test_others_are_left_alone(way, folder, home):
    source, env = OFF[way]
    with running(PLAIN, folder, home, source + SLEEP, **env) as process:
        wanted = ("does not run under `raddle run` or with RADDLE_DUMP=1", f"{process.pid} (")
        refused(ask(process.pid, home), *wanted)
        assert process.poll() is None


def test_who_asks_as_it_is_switched_off_ends_nothing(folder, home):
    source = (
        "import os, signal, raddle\nfrom raddle._diagnose.dump import signal_handler\n"
        "raddle.configure(dump=True)\nraddle.configure(dump=False)\n"
        "os.kill(os.getpid(), signal_handler.number())\n"
        "print(signal.getsignal(signal.SIGQUIT) == signal.SIG_DFL)\n"
    )
    assert folder.run(*PLAIN, folder.write(source)).stdout == "True\n"


def test_the_programs_own_handlers_stay(folder):
    source = """
        import signal, raddle
        from raddle._diagnose.dump import signal_handler
        own = lambda *_: None
        both_of_them = (signal.SIGQUIT, signal_handler.number())
        def both():
            return [signal.getsignal(each) is own for each in both_of_them]
        def set_own():
            for each in both_of_them:
                signal.signal(each, own)
        set_own()
        raddle.configure(dump=True)
        print(both())
        for each in (signal.SIGQUIT, signal_handler.number()):
            signal.signal(each, signal.SIG_DFL)
        raddle.configure(dump=True)
        set_own()
        raddle.configure(dump=False)
        print(both())
        """
    assert folder.run(*PLAIN, folder.write(source)).stdout == "[True, True]\n[True, True]\n"


@pytest.mark.parametrize("bad", ["yes", 1, None])
def test_what_is_no_switch_is_refused(bad):
    import raddle
    from raddle._diagnose import deadlock

    before = deadlock.action()
    with pytest.raises(TypeError, match="dump is True or False, not "):
        raddle.configure(dump=bad, on_deadlock="ignore")
    assert deadlock.action() == before


@pytest.mark.parametrize("on", [True, False])
def test_another_thread_cannot_switch_it(on, spawn):
    import raddle
    from raddle._diagnose import deadlock

    before = deadlock.action()
    raddle.configure(dump=not on)

    def switch():
        with pytest.raises(RuntimeError, match="dump is switched in the main thread"):
            raddle.configure(dump=on, on_deadlock="ignore")

    try:
        spawn(switch).end()
    finally:
        raddle.configure(dump=False)
    assert deadlock.action() == before


def test_a_word_that_says_nothing_is_told_once(folder):
    show = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
    env = environment(RADDLE="1", RADDLE_DUMP="always")
    done = folder.run(*PLAIN, "-c", show, env=env)
    told = "raddle: RADDLE_DUMP is 1 or 0, not 'always': it is taken for 1\n"
    assert (done.returncode, done.stderr) == (0, told)


def test_install_in_another_thread_says_that_it_cannot(folder):
    source = """
        import threading, raddle
        thread = threading.Thread(target=raddle.install)
        thread.start()
        thread.join()
        print(raddle.installed())
        """
    done = folder.run(*PLAIN, folder.write(source), env=environment(RADDLE_DUMP="1"))
    assert done.stdout == "True\n"
    assert done.stderr == (
        "raddle: nothing answers RADDLE_DUMP, since raddle.install() was called in another "
        "thread than the main one\n"
    )


# Families

CHILDREN = (
    SAY
    + """
import multiprocessing, subprocess, sys, time

def serve(ready):
    ready.set()
    time.sleep(900)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    ready = context.Event()
    child = context.Process(target=serve, args=(ready,), daemon=True)
    child.start()
    ready.wait()
    other = subprocess.Popen(["sleep", "900"])
    print(child.pid, other.pid, flush=True)
    child.join()
"""
)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_tree_shows_a_program_and_its_children(method, folder, home):
    command = [*PLAIN, folder.write(CHILDREN), method]
    env = environment(XDG_RUNTIME_DIR=str(home), RADDLE="1", RADDLE_DUMP="1")
    with subprocess.Popen(
        command, cwd=folder.home, stdout=subprocess.PIPE, env=env, text=True
    ) as process:
        child, other = map(int, process.stdout.readline().split())
        try:
            for options in (["--tree", process.pid], [process.pid, "--tree"]):
                done = ask(options[0], home, *map(str, options[1:]))
                assert (done.returncode, done.stderr) == (0, ""), done
                facts = r"^raddle: \d+ threads? of process (\d+) \(.*\).*, at .*, Python .*$"
                shown = re.findall(facts, done.stdout, re.MULTILINE)
                assert shown[0] == str(process.pid) and str(child) in shown
                assert len(shown) == (2 if method == "fork" else len(set(shown)))
                assert re.search(r"app\.py:\d+ in serve\n +time\.sleep\(900\)", done.stdout)
                left = rf"^raddle: process {other} \(sleep\) does not run .*: nothing was sent"
                assert re.search(left, done.stdout, re.MULTILINE)
            assert process.poll() is None
            assert {child, other} <= set(process_tree.tree(process.pid))
        finally:
            for each in (other, child):
                os.kill(each, signal.SIGKILL)
        process.wait(PATIENCE)
    assert list(home.iterdir()) == []


def test_a_tree_in_which_nobody_listens(folder, home):
    source = (
        "import subprocess\nchild = subprocess.Popen(['sleep', '900'])\nsay()\n"
        "import sys\nsys.stdin.read()\nchild.wait()\n"
    )
    with running(PLAIN, folder, home, source + "\n") as process:
        _, *children = process_tree.tree(process.pid)
        try:
            done = ask("--tree", home, str(process.pid))
            assert done.returncode == 1
            assert done.stdout.count("nothing was sent to it") == 2
            assert done.stderr == "raddle: none of these 2 processes answered\n"
        finally:
            for each in children:
                os.kill(each, signal.SIGKILL)


def test_a_tree_without_a_process(home):
    with subprocess.Popen([*PLAIN, "-c", ""]) as process:
        process.wait(PATIENCE)
    refused(ask("--tree", home, str(process.pid)), f"there is no process {process.pid}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tre", "12"], "dump has no option '--tre'; did you mean --tree?"),
        (["12", "--zzz"], "dump has no option '--zzz'"),
        (["--tree"], "dump needs one process id"),
        (["1", "2"], "dump needs one process id"),
        ([], "dump needs one process id"),
    ],
)
def test_what_dump_does_not_understand(words, said):
    command = [sys.executable, "-m", "raddle", "dump", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, env=environment()
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"raddle: {said}\n\nusage: ")
