"""Beginners' mistakes: the stdlib's exception, its message, and words on what to do.

Each mistake is made three times, in fresh interpreters: with the interpreter's own
`threading`, with `from raddle import threading`, and after `raddle.install()`. raddle has
to raise the same type, to keep the interpreter's own message, and to add its advice.
"""

import copy
import json
import os
import pickle
import re
import subprocess
import sys
import warnings

import pytest
from mistakes import MISTAKES, NOTHING, greet, run
from paths import SUPPORT

PATIENCE = 120  # seconds until a mistake that does not end counts as a hang

# Making them, in a fresh interpreter

PRELUDES = {
    "stdlib": "import threading",
    "module": "from raddle import threading",
    "installed": "import raddle; raddle.install(); import threading",
}


def made(way):
    """Make every mistake in a fresh interpreter; return what each raised, by name."""
    code = f"""{PRELUDES[way]}
import json, sys
sys.path.insert(0, {str(SUPPORT)!r})
import mistakes
for name in mistakes.MISTAKES:
    print(json.dumps([name, None]), flush=True)
    print(json.dumps([name, mistakes.make(name, threading)]), flush=True)
"""
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RADDLE"))
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment,
    )
    last = done.stdout.splitlines()[-1:] or ["nothing"]
    assert done.returncode == 0, f"{way}: ended at {last}\n{done.stderr}"
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def stdlib():
    return made("stdlib")


@pytest.fixture(scope="module", params=["module", "installed"])
def ours(request):
    return made(request.param)


def everything(seen):
    return "\n".join([seen["message"], *seen["notes"]])


@pytest.mark.raddle_only
@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_raises_the_type_of_the_stdlib(name, ours):
    assert MISTAKES[name]["error"] in ours[name]["bases"], everything(ours[name])


@pytest.mark.raddle_only
@pytest.mark.parametrize("name", MISTAKES)
def test_message_begins_as_in_the_stdlib(name, ours):
    assert ours[name]["error"], "nothing was raised"
    assert ours[name]["message"].startswith(MISTAKES[name]["says"])


@pytest.mark.raddle_only
@pytest.mark.parametrize("name", [name for name in MISTAKES if MISTAKES[name]["keeps"]])
def test_message_keeps_the_one_of_this_interpreter(name, ours, stdlib):
    assert ours[name]["error"], "nothing was raised"
    assert stdlib[name]["message"] in ours[name]["message"]


@pytest.mark.raddle_only
@pytest.mark.parametrize("name", MISTAKES)
def test_message_says_what_to_do(name, ours):
    said = everything(ours[name])
    missing = [text for text in MISTAKES[name]["advice"] if not re.search(text, said)]
    assert not missing, f"{said!r} lacks {missing}"
    assert said.count("\n") <= 3
    assert len(said) <= 400, "too long to be read"


@pytest.mark.parametrize("name", [name for name in MISTAKES if MISTAKES[name]["keeps"]])
def test_the_stdlib_raises_that_type_too(name, stdlib):
    if stdlib[name] == NOTHING:
        assert sys.version_info < MISTAKES[name]["since"]
    else:
        assert MISTAKES[name]["error"] in stdlib[name]["bases"]
        assert stdlib[name]["message"].startswith(MISTAKES[name]["says"])


# What looks like a mistake and is none: raddle must not get in the way


def test_a_subclass_with_its_own_run_may_be_given_anything(threading):
    class Mine(threading.Thread):
        def run(self):
            self.seen = (self._target, self._args)

    thread = Mine(target="a name", args=7)
    thread.start()
    thread.join()
    assert thread.seen == ("a name", 7)


def test_args_may_be_any_iterable(threading):
    seen = []
    for args in ([1, 2], range(1, 3), iter((1, 2)), (n for n in (1, 2)), {1: "a", 2: "b"}):
        thread = threading.Thread(target=lambda *given: seen.append(given), args=args)
        thread.start()
        thread.join()
    assert seen == [(1, 2)] * 5


def test_a_string_of_the_right_length_is_passed_letter_by_letter(threading):
    seen = []
    thread = threading.Thread(target=lambda *letters: seen.append(letters), args="abc")
    thread.start()
    thread.join()
    assert seen == [("a", "b", "c")]


def test_an_error_inside_the_target_gets_no_note(threading):
    def fail(letter):
        raise TypeError("of my own")

    with pytest.raises(TypeError, match=r"^of my own$") as caught:
        run(threading, threading.Thread(target=fail, args="a"))
    assert getattr(caught.value, "__notes__", []) == []


def test_a_thread_without_a_target_whose_run_is_replaced_does_not_warn(threading):
    ran = []
    thread = threading.Thread(target=None)
    thread.run = lambda: ran.append(True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        thread.start()
        thread.join()
    assert ran == [True]


def test_a_thread_without_a_target_whose_class_has_a_run_does_not_warn(threading):
    class Mine(threading.Thread):
        def run(self):
            self.ran = True

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        thread = Mine()
        thread.start()
        thread.join()
    assert thread.ran


@pytest.mark.parametrize("name", ["Event", "Condition", "Semaphore", "BoundedSemaphore"])
def test_a_subclass_that_says_how_to_pickle_itself_still_can(threading, name):
    class Mine(getattr(threading, name)):
        def __reduce__(self):
            return (str, ("a new one",))

    assert pickle.loads(pickle.dumps(Mine())) == "a new one"
    assert copy.copy(Mine()) == copy.deepcopy(Mine()) == "a new one"


class Stateless:
    """Pickles as nothing but its class, as subclasses with `__getstate__` do."""

    def __getstate__(self):
        return {"colour": self.colour}

    def __setstate__(self, state):
        self.__init__()
        self.__dict__.update(state)


@pytest.mark.parametrize("name", ["Event", "Condition", "Semaphore", "BoundedSemaphore"])
def test_a_subclass_with_its_own_state_can_be_copied(threading, name):
    base = getattr(threading, name)
    mine = type("Mine", (Stateless, base), {"__module__": __name__})()
    mine.colour = "red"
    for twin in (copy.copy(mine), copy.deepcopy(mine)):
        assert twin.colour == "red"
        assert twin is not mine
        assert isinstance(twin, base)


def test_a_thread_with_a_pickled_error_keeps_its_text(threading):
    with pytest.raises(RuntimeError) as caught:
        threading.Thread(target=greet).join()
    twin = pickle.loads(pickle.dumps(caught.value))
    assert (type(twin), str(twin)) == (RuntimeError, str(caught.value))


@pytest.mark.raddle_only
def test_advice_names_the_function_wherever_the_program_lies(tmp_path):
    home = tmp_path / "my raddle programs"
    home.mkdir()
    lines = ["from raddle import threading", "def greet(): return 5", "", ""]
    lines[2] = "try: threading.Thread(target=greet())"
    lines[3] = "except TypeError as error: print('target=greet' in str(error))"
    (home / "app.py").write_text("\n".join(lines))
    done = subprocess.run(
        [sys.executable, str(home / "app.py")], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "True\n")
