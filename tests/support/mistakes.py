"""The mistakes that beginners make, each with the exception and the advice it deserves.

test_mistakes.py makes them; this module imports nothing that a bare interpreter lacks.
"""

import copy
import pickle
import warnings

MISTAKES = {}


def mistake(error, advice, *, says="", keeps=True, since=(3, 11)):
    """Register a mistake.

    error: the exception's name. advice: patterns that raddle's message has to match.
    says: what the message begins with, in every version. keeps: whether the stdlib's
    own message has to be part of raddle's. since: from where on every version raises.
    """

    def register(function):
        advised = [advice] if isinstance(advice, str) else list(advice)
        MISTAKES[function.__name__] = {
            "make": function,
            "error": error,
            "advice": advised,
            "says": says,
            "keeps": keeps,
            "since": since,
        }
        return function

    return register


def greet(name="you"):
    return f"hello, {name}"


def hand_over(threading, function):
    """Run `function` in a thread and raise here what it raised there."""
    caught = []

    def call():
        try:
            function()
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    for error in caught:
        raise error


def run(threading, thread):
    """Run a thread and raise here the exception that ended it."""
    caught = []
    before = threading.excepthook
    threading.excepthook = lambda arguments: caught.append(arguments.exc_value)
    try:
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before
    for error in caught:
        raise error


# The thread and what it is given


@mistake(
    "TypeError",
    [r"target=greet\b", r"(without|no) (the )?(parentheses|brackets|\(\))", r"\bstr\b|'hello"],
    says="'str' object is not callable",
)
def call_the_target(threading):
    run(threading, threading.Thread(target=greet()))


@mistake("TypeError", r"target=")
def give_a_number_as_target(threading):
    run(threading, threading.Thread(target=5))


@mistake(
    "RuntimeWarning", [r"target", r"\brun\(\)", r"parentheses|target=\w+\(\)"], keeps=False
)
def start_a_thread_with_nothing_to_run(threading):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        thread = threading.Thread(target=print(end=""))  # print() gave back None
        thread.start()
        thread.join()


@mistake("TypeError", [r"must be an iterable, not int", r"args=\(5,\)", r"comma"], keeps=False)
def forget_the_comma_after_a_number(threading):
    run(threading, threading.Thread(target=greet, args=(5)))


@mistake("TypeError", r"args=\('abc',\)")
def forget_the_comma_after_a_string(threading):
    run(threading, threading.Thread(target=greet, args=("abc")))


@mistake("TypeError", [r"must be an iterable, not NoneType", r"args=\(\)"], keeps=False)
def give_none_as_args(threading):
    run(threading, threading.Thread(target=greet, args=None))


@mistake("RuntimeError", r"super\(\)\.__init__\(\)", says="thread.__init__() not called")
def forget_the_init_of_the_base_class(threading):
    class Mine(threading.Thread):
        def __init__(self):
            self.colour = "red"

    Mine().start()


# start() and join()


@mistake(
    "RuntimeError",
    r"(new|another) (threading\.)?Thread",
    says="threads can only be started once",
)
def start_twice(threading):
    thread = threading.Thread(target=greet)
    thread.start()
    thread.join()
    thread.start()


@mistake("RuntimeError", r"start\(\)", says="cannot join thread before it is started")
def join_before_start(threading):
    threading.Thread(target=greet).join()


# Without raddle.install() the main thread is the interpreter's own object and says no more.
@mistake("RuntimeError", [], says="cannot join current thread")
def join_the_main_thread_from_itself(threading):
    threading.current_thread().join()


@mistake("RuntimeError", r"wait for itself", says="cannot join current thread")
def join_a_thread_from_itself(threading):
    hand_over(threading, lambda: threading.current_thread().join())


@mistake(
    "RuntimeError",
    [r"before start\(\)", r"daemon=True"],
    says="cannot set daemon status of active thread",
)
def make_a_running_thread_a_daemon(threading):
    hand_over(threading, lambda: setattr(threading.current_thread(), "daemon", True))


# Releasing what is not held


@mistake("RuntimeError", [r"acquire\(\)", r"with \w+:"], says="release unlocked lock")
def release_an_unlocked_lock(threading):
    threading.Lock().release()


@mistake("RuntimeError", [r"acquire\(\)", r"with \w+:"], says="cannot release un-acquired lock")
def release_an_unlocked_rlock(threading):
    threading.RLock().release()


@mistake(
    "RuntimeError",
    r"(another|other|different) thread|'?MainThread'?",
    says="cannot release un-acquired lock",
)
def release_the_rlock_of_another_thread(threading):
    lock = threading.RLock()
    lock.acquire()
    hand_over(threading, lock.release)


@mistake("ValueError", r"acquire\(\)", says="Semaphore released too many times")
def release_a_bounded_semaphore_too_often(threading):
    threading.BoundedSemaphore(1).release()


@mistake("RuntimeError", r"with \w+:", says="cannot wait on un-acquired lock")
def wait_without_the_lock(threading):
    threading.Condition().wait()


@mistake("RuntimeError", r"with \w+:", says="cannot wait on un-acquired lock")
def wait_for_without_the_lock(threading):
    threading.Condition().wait_for(lambda: False)


@mistake("RuntimeError", r"with \w+:", says="cannot notify on un-acquired lock")
def notify_without_the_lock(threading):
    threading.Condition().notify()


@mistake("RuntimeError", r"with \w+:", says="cannot notify on un-acquired lock")
def notify_all_without_the_lock(threading):
    threading.Condition().notify_all()


@mistake("RuntimeError", r"with \w+:", says="cannot wait on un-acquired lock")
def wait_with_the_lock_of_another_thread(threading):
    condition = threading.Condition()
    with condition:
        hand_over(threading, condition.wait)


# Numbers out of range

NOT_NEGATIVE = r"timeout=-?1|timeout=None|without a timeout|leave (it|timeout|the timeout) out"


@mistake("ValueError", [r"-5", NOT_NEGATIVE], says="timeout value must be ")
def wait_a_negative_time_for_a_lock(threading):
    threading.Lock().acquire(timeout=-5)


@mistake("ValueError", [r"-5", NOT_NEGATIVE], says="timeout value must be ")
def wait_a_negative_time_for_an_rlock(threading):
    threading.RLock().acquire(timeout=-5)


@mistake("ValueError", r"blocking=", says="can't specify a timeout for a non-blocking call")
def give_a_timeout_to_a_lock_that_must_not_block(threading):
    threading.Lock().acquire(blocking=False, timeout=1)


@mistake("ValueError", r"blocking=", says="can't specify a timeout for a non-blocking call")
def give_a_timeout_to_an_rlock_that_must_not_block(threading):
    threading.RLock().acquire(blocking=False, timeout=1)


@mistake("ValueError", r"blocking=", says="can't specify timeout for non-blocking acquire")
def give_a_timeout_to_a_semaphore_that_must_not_block(threading):
    threading.Semaphore().acquire(blocking=False, timeout=1)


@mistake("ValueError", r"-1", says="semaphore initial value must be >= 0")
def make_a_semaphore_below_zero(threading):
    threading.Semaphore(-1)


@mistake("ValueError", r"-1", says="semaphore initial value must be >= 0")
def make_a_bounded_semaphore_below_zero(threading):
    threading.BoundedSemaphore(-1)


@mistake("ValueError", r"\b0\b", says="parties must be >", since=(3, 14))
def make_a_barrier_for_nobody(threading):
    threading.Barrier(0)


# Pickling and copying

PER_PROCESS = [r"(each|every|per|its own).* process|process.* its own", r"\bmultiprocessing\b"]


def _register_copies():
    plain = {"Lock": "_thread.lock", "RLock": "_thread.RLock"}
    makers = {
        "lock": lambda threading: threading.Lock(),
        "rlock": lambda threading: threading.RLock(),
        "condition": lambda threading: threading.Condition(),
        "event": lambda threading: threading.Event(),
        "semaphore": lambda threading: threading.Semaphore(),
        "bounded_semaphore": lambda threading: threading.BoundedSemaphore(),
        "barrier": lambda threading: threading.Barrier(2),
    }
    names = {"lock": "Lock", "rlock": "RLock", "bounded_semaphore": "BoundedSemaphore"}
    ways = {"pickle": pickle.dumps, "deepcopy": copy.deepcopy, "copy": copy.copy}
    for word, make in makers.items():
        name = names.get(word, word.capitalize())
        for way, attempt in ways.items():

            def try_it(threading, make=make, attempt=attempt):
                attempt(make(threading))

            try_it.__name__ = f"{way}_a_{word}"
            # The stdlib names the lock inside, and lets copy.copy() share that lock.
            kept = name in plain
            says = f"cannot pickle '{plain[name]}' object" if kept else "cannot pickle '"
            mistake("TypeError", PER_PROCESS, says=says, keeps=kept)(try_it)


_register_copies()


NOTHING = {"error": None, "bases": [], "message": "", "notes": []}


def make(name, threading):
    """Make one mistake and describe the exception that it raised, if any."""
    try:
        MISTAKES[name]["make"](threading)
    except Exception as error:
        return {
            "error": type(error).__name__,
            "bases": [base.__name__ for base in type(error).__mro__],
            "message": str(error),
            "notes": getattr(error, "__notes__", []),
        }
    return NOTHING
