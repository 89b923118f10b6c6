"""Sorting by merging: each half is sorted by a thread of its own, down to a depth."""

import random
import threading

import measured


def merge(numbers, low, middle, high, spare):
    left, right, at = low, middle, low
    while left < middle and right < high:
        if numbers[left] <= numbers[right]:
            spare[at] = numbers[left]
            left += 1
        else:
            spare[at] = numbers[right]
            right += 1
        at += 1
    while left < middle:
        spare[at] = numbers[left]
        left, at = left + 1, at + 1
    while right < high:
        spare[at] = numbers[right]
        right, at = right + 1, at + 1
    for place in range(low, high):
        numbers[place] = spare[place]


def sort(numbers, low, high, spare, depth):
    if high - low < 2:
        return
    middle = (low + high) // 2
    if depth:
        other = threading.Thread(target=sort, args=(numbers, low, middle, spare, depth - 1))
        other.start()
        sort(numbers, middle, high, spare, depth - 1)
        other.join()
    else:
        sort(numbers, low, middle, spare, 0)
        sort(numbers, middle, high, spare, 0)
    merge(numbers, low, middle, high, spare)


def main(scale):
    chance = random.Random(3)
    numbers = [chance.randrange(scale) for _ in range(scale)]
    expected = sorted(numbers)
    sort(numbers, 0, scale, [0] * scale, 2)
    assert numbers == expected


if __name__ == "__main__":
    measured.run(main, 180_000)
