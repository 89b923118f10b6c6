"""Libraries that know nothing of deadlines: ended by them, and sound afterwards."""

import concurrent.futures
import logging
import os
import random
import sqlite3
import subprocess
import sys
import textwrap

import pytest
import raddle

pytestmark = pytest.mark.raddle_only

TIMES = int(os.environ.get("RADDLE_TIMES", 200))


def hurried(seed, work):
    """Do some work again and again, with little time; return how often it was cut short."""
    choose, cut = random.Random(seed), 0
    for _ in range(TIMES):
        try:
            with raddle.deadline(choose.choice([0.0002, 0.001, 60])):
                work()
        except TimeoutError:
            cut += 1
    return cut


def test_logging(threading, spawn):
    class Slow(logging.Handler):
        def createLock(self):
            self.lock = threading.RLock()

        def emit(self, record):
            raddle.sleep(0.0003)

    log, handler = logging.Logger("hurried"), Slow()
    log.addHandler(handler)
    loggers = [spawn(hurried, seed, lambda: log.info("hello")) for seed in range(4)]
    assert sum(each.result() for each in loggers) > 0
    assert handler.lock.acquire(False), "nobody has kept it"


def test_an_executor_of_the_stdlib_in_a_with_block(threading, futures):
    for _ in range(TIMES // 10):
        go = threading.Event()
        late = pytest.raises(TimeoutError)
        with late, raddle.deadline(0.001), futures.ThreadPoolExecutor(2) as pool:
            waits = [pool.submit(go.wait) for _ in range(3)]
            waits[0].result()
        go.set()
        concurrent.futures.wait(waits[:2], 60)
        assert waits[1].result() is True
    with futures.ThreadPoolExecutor(2) as pool, raddle.deadline(60):
        assert list(pool.map(abs, range(10))) == list(range(10))


def test_sqlite(tmp_path):
    path = tmp_path / "numbers.db"
    with sqlite3.connect(path) as database:
        database.execute("create table number (value integer)")

    def add():
        database = sqlite3.connect(path)
        try:
            with database:
                database.execute("insert into number values (1)")
                raddle.sleep(0.0003)
        finally:
            database.close()

    cut = hurried(0, add)
    with sqlite3.connect(path) as database:
        [(count,)] = database.execute("select count(*) from number")
    assert count == TIMES - cut, "what was cut short was rolled back"


POOLS = """
    import concurrent.futures, random, sqlite3, sys
    import raddle

    raddle.install()
    from sqlalchemy.pool import QueuePool

    pool = QueuePool(
        lambda: sqlite3.connect(":memory:", check_same_thread=False),
        pool_size=2,
        max_overflow=0,
        timeout=30,
    )

    def use(seed):
        choose, cut = random.Random(seed), 0
        for _ in range(TIMES):
            try:
                with raddle.deadline(choose.choice([0.0002, 0.001, 60])):
                    connection = pool.connect()
                    try:
                        connection.cursor().execute("select 1").fetchone()
                        raddle.sleep(choose.choice([0, 0.0003]))
                    finally:
                        connection.close()
            except TimeoutError:
                cut += 1
        return cut

    with concurrent.futures.ThreadPoolExecutor(4) as users:
        assert sum(users.map(use, range(4))) > 0
    assert pool.checkedout() == 0, pool.status()
    both = [pool.connect(), pool.connect()]
    assert pool.checkedout() == 2
    """


def test_a_pool_of_sqlalchemy():
    pytest.importorskip("sqlalchemy", reason="asks whether SQLAlchemy's pool stays sound")
    code = textwrap.dedent(POOLS).replace("TIMES", str(TIMES))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr


CONNECTIONS = """
    import concurrent.futures, http.server, random, threading
    import raddle

    raddle.install()
    import urllib3

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host, port = server.server_address
    pool = urllib3.HTTPConnectionPool(host, port, maxsize=2, block=True)

    def use(seed):
        choose = random.Random(seed)
        for _ in range(TIMES):
            try:
                with raddle.deadline(choose.choice([0.0002, 0.001, 60])):
                    assert pool.request("GET", "/", retries=False).data == b"ok"
            except (TimeoutError, urllib3.exceptions.HTTPError):
                pass

    with concurrent.futures.ThreadPoolExecutor(6) as users:
        list(users.map(use, range(6)))
    assert pool.pool.qsize() == 2, "a connection was lost"
    """


def test_a_pool_of_urllib3():
    pytest.importorskip("urllib3", reason="asks whether urllib3's pool stays sound")
    code = textwrap.dedent(CONNECTIONS).replace("TIMES", str(TIMES))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
