"""A circuit breaker around a service that sometimes fails, called by three threads."""

import contextlib

import drive
import pybreaker

PACKAGE = "pybreaker"

breaker = pybreaker.CircuitBreaker(fail_max=5, reset_timeout=60)


@breaker
def service(number):
    if number % 3 == 0:
        raise ValueError(number)
    return number


def call():
    for number in range(100):
        with contextlib.suppress(ValueError, pybreaker.CircuitBreakerError):
            service(number)
        _ = breaker.fail_counter, breaker.current_state
    breaker.close()


drive.together(call, call, call)
