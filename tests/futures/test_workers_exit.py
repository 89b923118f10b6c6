"""An executor's workers at the interpreter's exit: which calls are made, and what waits."""


def test_the_exit_waits_for_all_calls(futures_child):
    code = """
        import sys, time
        executor = futures.ThreadPoolExecutor(2)
        def call(number):
            time.sleep(0.005)
            sys.stdout.write(f"{number}\\n")  # print() writes a line in two parts
        for number in range(30):
            executor.submit(call, number)
        sys.stdout.write("end of the program\\n")
        """
    lines = futures_child(code).stdout.split("\n")
    assert "end of the program" in lines
    assert sorted(int(line) for line in lines if line.isdigit()) == list(range(30))


def test_the_exit_is_not_held_up_by_idle_workers(futures_child):
    code = """
        executor = futures.ThreadPoolExecutor(4)
        print(sum(executor.map(abs, range(100))))
        other = futures.ThreadPoolExecutor(4)
        unused = futures.ThreadPoolExecutor(4)
        print(other.submit(int).result())
        other.shutdown(wait=False)
        """
    for _ in range(5):
        assert futures_child(code).stdout == "4950\n0\n"


def test_nothing_can_be_submitted_when_the_exit_has_ended_the_executors(futures_child):
    code = """
        import atexit
        executor = futures.ThreadPoolExecutor(1)
        def late():
            try:
                executor.submit(int)
            except RuntimeError as error:
                print(error)
            try:
                futures.ThreadPoolExecutor(1).submit(int)
            except RuntimeError as error:
                print(error)
        atexit.register(late)
        executor.submit(int).result()
        """
    text = "cannot schedule new futures after "
    kinds = {f"{text}shutdown", f"{text}interpreter shutdown"}
    lines = futures_child(code).stdout.splitlines()
    assert len(lines) == 2 and set(lines) <= kinds


def test_a_call_that_submits_during_the_exit_is_refused_or_served(futures_child):
    code = """
        import threading as plain, time
        executor = futures.ThreadPoolExecutor(2)
        accepted, made = [], []
        def call(number):
            made.append(number)
            try:
                while number < 2000:
                    accepted.append(executor.submit(call, 10_000 + number))
                    number += 1
            except RuntimeError as error:
                assert "cannot schedule new futures" in str(error)
                return "refused"
        first = executor.submit(call, 0)
        import atexit
        def check():
            futures.wait(accepted, 60)
            print(all(f.done() and f.exception() is None for f in accepted))
            print(first.result() in (None, "refused"))
        atexit.register(check)
        """
    for _ in range(5):
        assert futures_child(code).stdout == "True\nTrue\n"


def test_a_daemon_that_submits_does_not_spoil_the_exit(futures_child):
    code = """
        import threading as plain
        executor, begun = futures.ThreadPoolExecutor(2), plain.Event()
        def submit():
            try:
                while True:
                    executor.submit(int).result()
                    begun.set()
            except RuntimeError:
                pass
        for _ in range(2):
            plain.Thread(target=submit, daemon=True).start()
        begun.wait(60)
        print("end")
        """
    for _ in range(8):
        assert futures_child(code).stdout == "end\n"


def test_a_daemon_that_waits_for_a_result_does_not_spoil_the_exit(futures_child):
    code = """
        import threading as plain
        future, begun = futures.Future(), plain.Barrier(4)
        opened = futures.Future()
        opened._condition
        def wait(call):
            begun.wait()
            call()
        calls = [future.result, opened.result, lambda: futures.wait([future, opened])]
        for call in calls:
            plain.Thread(target=wait, args=(call,), daemon=True).start()
        begun.wait()
        print("end")
        """
    for _ in range(5):
        assert futures_child(code).stdout == "end\n"


def test_an_exception_at_the_end_of_the_program_leaves_the_calls_to_be_made(futures_child):
    code = """
        executor = futures.ThreadPoolExecutor(1)
        for number in range(50):
            executor.submit(print, number)
        1 / 0
        """
    done = futures_child(code, check=False)
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr
    assert done.stdout == "".join(f"{number}\n" for number in range(50))
