"""One function over many input values.

An executor is a ready-made pool of worker threads. `map` calls the function with every
value, in the pool, and gives the results back in the order of the values.

Run it:  python examples/tutorial/inputs.py
"""

from concurrent.futures import ThreadPoolExecutor

NUMBERS = [1, 6, 12, 28, 97, 496, 1000, 8128]


def divisor_sum(number):
    """Add up the numbers below `number` that divide it."""
    return sum(n for n in range(1, number) if number % n == 0)


if __name__ == "__main__":
    # The `with` block waits, at its end, until every call has finished.
    with ThreadPoolExecutor(max_workers=4) as pool:
        sums = list(pool.map(divisor_sum, NUMBERS))

    for number, total in zip(NUMBERS, sums, strict=True):
        perfect = ", a perfect number" if total == number else ""
        print(f"{number}: its divisors add up to {total}{perfect}")
