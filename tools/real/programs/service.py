"""A server on asyncio whose work is done by threads: an executor's, and the loop's own."""

import asyncio
import hashlib
import signal
from concurrent.futures import ThreadPoolExecutor


def digest(line):
    return hashlib.pbkdf2_hmac("sha256", line, b"salt", 200).hex()


async def serve(pool, reader, writer):
    loop = asyncio.get_running_loop()
    while line := (await reader.readline()).strip():
        if len(line) % 2:
            answer = await loop.run_in_executor(pool, digest, line)
        else:
            answer = await asyncio.to_thread(digest, line)
        writer.write(answer.encode() + b"\n")
        await writer.drain()
    writer.close()


async def main():
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, end.set)
    with ThreadPoolExecutor(4) as pool:
        server = await asyncio.start_server(
            lambda reader, writer: serve(pool, reader, writer), "127.0.0.1", 0
        )
        print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
        async with server:
            await end.wait()
    print("ended", flush=True)


asyncio.run(main())
