"""Ask a web server from many threads, by requests and by httpx: `client.py URL`."""

import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

import httpx
import requests

URL = sys.argv[1]
REQUESTS = 100


def main():
    right = 0
    with (
        requests.Session() as session,
        httpx.Client() as client,
        ThreadPoolExecutor(8) as pool,
    ):
        asked = {}
        for number in range(REQUESTS):
            get = (session if number % 2 else client).get
            asked[pool.submit(get, f"{URL}/square/{number}", timeout=60)] = number
        for each in as_completed(asked):
            right += each.result().json() == asked[each] ** 2
    assert right == REQUESTS, right
    print(f"{right} answers")


main()
