"""local: one set of attributes per thread."""

import gc
import weakref

import pytest


def test_it_is_the_interpreters_own_type(threading, stock):
    assert threading.local is stock.local


def test_each_thread_sees_its_own_attributes(threading, spawn):
    data = threading.local()
    data.value = "main"

    def work(value):
        assert not hasattr(data, "value")
        data.value = value
        return data.value, vars(data)

    for number in range(4):
        assert spawn(work, number).result() == (number, {"value": number})
    assert data.value == "main"


def test_a_subclass_initialises_once_in_each_thread(threading, spawn):
    class Counted(threading.local):
        def __init__(self, start):
            self.value = start

    data = Counted(5)
    data.value += 1
    assert spawn(lambda: data.value).result() == 5
    assert data.value == 6


def test_values_die_with_their_thread(threading, spawn, until):
    class Value:
        pass

    data, references = threading.local(), []

    def work():
        data.value = Value()
        references.append(weakref.ref(data.value))

    spawn(work).result()
    until(lambda: gc.collect() is not None and references[0]() is None)
    with pytest.raises(AttributeError):
        data.value  # noqa: B018


def test_values_of_raddle_and_plain_threads_are_apart(threading, stock, spawn):
    data, seen = threading.local(), []
    data.value = 0

    def work():
        seen.append(getattr(data, "value", None))
        data.value = 1

    spawn(work).result()
    plain = stock.Thread(target=work)
    plain.start()
    plain.join()
    assert seen == [None, None] and data.value == 0
