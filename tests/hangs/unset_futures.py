"""Futures that a program made by itself; there is no pool, and nobody ends them."""

from concurrent.futures import Future, wait

answers = [Future(), Future()]
wait(answers)
