"""serialize_iterator, synchronized_iterator and concurrent_tee, on every version."""

import itertools
import sys

import pytest

pytestmark = [] if sys.version_info >= (3, 15) else pytest.mark.raddle_only


def test_a_serialized_iterator_loses_and_repeats_nothing(threading, spawn):
    numbers = threading.serialize_iterator(n for n in range(4000))
    got = [spawn(lambda: list(numbers)) for _ in range(4)]
    assert sorted(itertools.chain(*(each.result() for each in got))) == list(range(4000))
    with pytest.raises(StopIteration):
        next(numbers)


def test_a_serialized_iterator_passes_on_send_throw_and_close(threading):
    def echo():
        value = None
        while True:
            try:
                value = yield value
            except KeyError:
                value = "thrown"

    generator = threading.serialize_iterator(echo())
    assert iter(generator) is generator
    assert next(generator) is None and generator.send(5) == 5
    assert generator.throw(KeyError) == "thrown"
    generator.close()
    with pytest.raises(StopIteration):
        next(generator)


def test_a_serialized_iterator_over_no_generator_has_no_send(threading):
    numbers = threading.serialize_iterator([1, 2])
    for name in ("send", "throw"):
        with pytest.raises(AttributeError):
            getattr(numbers, name)(None)
    with pytest.raises(AttributeError):
        numbers.close()
    assert list(numbers) == [1, 2]
    with pytest.raises(TypeError):
        threading.serialize_iterator(5)


def test_an_exception_leaves_the_serialized_iterator_usable(threading):
    values = iter([1, 0, 2])
    inverse = threading.serialize_iterator(map(lambda n: 1 / n, values))
    assert next(inverse) == 1
    with pytest.raises(ZeroDivisionError):
        next(inverse)
    assert next(inverse) == 0.5


def test_synchronized_iterator_wraps_a_generator_function(threading, spawn):
    @threading.synchronized_iterator
    def count(limit):
        """Count."""
        yield from range(limit)

    assert count.__name__ == "count" and count.__doc__ == "Count."
    numbers = count(4000)
    assert isinstance(numbers, threading.serialize_iterator)
    got = [spawn(lambda: list(numbers)) for _ in range(4)]
    assert sorted(itertools.chain(*(each.result() for each in got))) == list(range(4000))


def test_every_copy_of_a_concurrent_tee_sees_everything(threading, spawn):
    copies = threading.concurrent_tee((n for n in range(3000)), 4)
    got = [spawn(list, copy) for copy in copies]
    assert [each.result() for each in got] == [list(range(3000))] * 4


def test_a_concurrent_tee_of_a_tee_starts_where_it_stands(threading):
    one, other = threading.concurrent_tee(iter(range(5)))
    assert [next(one), next(one)] == [0, 1]
    (third,) = threading.concurrent_tee(one, 1)
    assert (list(third), list(one), list(other)) == ([2, 3, 4], [2, 3, 4], [0, 1, 2, 3, 4])


def test_concurrent_tee_counts_as_asked(threading):
    assert threading.concurrent_tee([], 0) == ()
    assert len(threading.concurrent_tee([], 3)) == 3
    with pytest.raises(ValueError):
        threading.concurrent_tee([], -1)
    with pytest.raises(TypeError):
        threading.concurrent_tee(5)
