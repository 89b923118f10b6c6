"""A future of the program's own that nobody ends, beside a pool with nothing to do."""

from concurrent.futures import Future, ThreadPoolExecutor

pool = ThreadPoolExecutor(1, thread_name_prefix="pool")
assert pool.submit(sum, [1, 2]).result() == 3
answer = Future()
print(answer.result())
