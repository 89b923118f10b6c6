"""A coroutine sends two blocking jobs to threads, and both count in one object."""

# race: update Budget.spent

import asyncio
import threading


class Budget:
    def __init__(self):
        self.spent = 0

    def spend(self, amount, begin):
        begin.wait()
        self.spent += amount  # racing


async def main():
    budget = Budget()
    begin = threading.Barrier(2)
    await asyncio.gather(
        asyncio.to_thread(budget.spend, 5, begin),
        asyncio.to_thread(budget.spend, 7, begin),
    )
    print(budget.spent)


asyncio.run(main())
print("end")
