"""raddle.cores(): affinity, control groups, what was asked for, whether threads use them."""

import copy
import math
import os
import pickle
import sys

import pytest
import raddle
from raddle._map.core_count import Cores, quota

pytestmark = [
    pytest.mark.raddle_only,
    pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says"),
]


def free():
    return not getattr(sys, "_is_gil_enabled", lambda: True)()


def test_it_is_what_the_scheduler_and_the_quota_allow():
    allowed, limit = len(os.sched_getaffinity(0)), quota()
    expected = allowed if limit is None else min(allowed, math.ceil(limit))
    assert raddle.cores() == expected >= 1


def test_it_is_an_int_in_every_way():
    cores = raddle.cores()
    assert (int(cores), cores + 1, f"{cores}", list(range(cores))) == (
        cores,
        int(cores) + 1,
        str(int(cores)),
        list(range(int(cores))),
    )
    assert 0 < cores < 10**6
    assert copy.copy(cores) == cores == pickle.loads(pickle.dumps(cores))
    assert pickle.loads(pickle.dumps(cores)).threads is cores.threads


def test_it_says_whether_threads_can_use_them():
    cores = raddle.cores()
    assert cores.threads is free()
    assert ("can use them all" if free() else "GIL") in repr(cores)


def test_the_repr_names_the_limit():
    assert repr(Cores(2, 8, 1.5, True, "a quota of 1.5")) == (
        "<2 cores, by a quota of 1.5; Python threads can use them all>"
    )
    assert repr(Cores(1)) == (
        "<1 core; Python threads use one at a time (this interpreter has a GIL)>"
    )


def test_affinity_counts(child):
    one = min(os.sched_getaffinity(0))
    code = f"import os, raddle; os.sched_setaffinity(0, {{{one}}}); print(int(raddle.cores()))"
    assert child(code).stdout == "1\n"


@pytest.mark.skipif(sys.version_info < (3, 13), reason="interpreters know it from 3.13")
def test_what_was_asked_for_counts(child):
    code = "import raddle; print(int(raddle.cores()))"
    assert child(code, env={"PYTHON_CPU_COUNT": "7"}).stdout == "7\n"
    assert child(code, "-X", "cpu_count=5").stdout == "5\n"
    assert child(code, "-X", "cpu_count=default").stdout == f"{int(raddle.cores())}\n"


class Tree:
    """A tree of control groups as the kernel shows it."""

    def __init__(self, home):
        self.home, self.mounts, self.groups = home, [], []

    def mount(self, kind, where, root="/", options="rw"):
        place = self.home / where
        place.mkdir(parents=True, exist_ok=True)
        self.mounts.append(f"31 23 0:27 {root} {place} rw,nosuid - {kind} {kind} {options}")
        return place

    def quota(self):
        (self.home / "mountinfo").write_text("\n".join(self.mounts) + "\n")
        (self.home / "cgroup").write_text("\n".join(self.groups) + "\n")
        return quota(str(self.home / "mountinfo"), str(self.home / "cgroup"))


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def put(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text + "\n")


def test_version_2_has_its_limit_in_one_file(tree):
    tree.groups.append("0::/app")
    put(tree.mount("cgroup2", "fs") / "app", cpu__max="150000 100000")
    assert tree.quota() == 1.5


def test_version_2_without_a_limit(tree):
    tree.groups.append("0::/app")
    put(tree.mount("cgroup2", "fs") / "app", cpu__max="max 100000")
    assert tree.quota() is None


def test_a_group_is_bound_by_those_above_it(tree):
    tree.groups.append("0::/outer/inner")
    top = tree.mount("cgroup2", "fs")
    put(top / "outer" / "inner", cpu__max="400000 100000")
    put(top / "outer", cpu__max="200000 100000")
    assert tree.quota() == 2.0


def test_version_1_has_two_files_and_minus_one_for_none(tree):
    tree.groups += ["4:cpu,cpuacct:/job", "1:name=systemd:/", "0::/"]
    top = tree.mount("cgroup", "cpu", options="rw,cpu,cpuacct")
    put(top / "job", cpu__cfs_quota_us="50000", cpu__cfs_period_us="100000")
    put(top, cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    assert tree.quota() == 0.5
    put(top / "job", cpu__cfs_quota_us="-1")
    assert tree.quota() is None


def test_a_container_sees_its_own_group_as_the_root(tree):
    tree.groups += ["4:cpu,cpuacct:/docker/abc"]
    top = tree.mount("cgroup", "cpu", root="/docker/abc", options="rw,cpu,cpuacct")
    put(top, cpu__cfs_quota_us="300000", cpu__cfs_period_us="100000")
    assert tree.quota() == 3.0


def test_a_group_outside_of_what_is_mounted_is_read_at_its_root(tree):
    tree.groups.append("0::/../elsewhere")
    put(tree.mount("cgroup2", "fs"), cpu__max="100000 100000")
    assert tree.quota() == 1.0


def test_no_control_groups_are_no_limit(tmp_path):
    assert quota(str(tmp_path / "none"), str(tmp_path / "none")) is None


def test_nonsense_is_no_limit(tree):
    tree.groups.append("0::/")
    tree.mounts.append("short line")
    put(tree.mount("cgroup2", "fs"), cpu__max="a lot")
    assert tree.quota() is None
