"""The rooms of `crates/raddle-py/src`: which room may use which, and how large one may be.

Read from the paths in the source: `crate::room::file::...`, and `super::file::...` in a room.
"""

import re

import pytest
from paths import ROOT

_SOURCE = ROOT / "crates" / "raddle-py" / "src"

# From the bottom up: a room may use those before it, and none after it.
_ROOMS = (
    "python",
    "sites",
    "blocking",
    "locks",
    "threads",
    "queue",
    "futures",
    "stream",
    "scopes",
    "sync",
    "diagnose",
    "dump",
    "race",
)
_LINES, _ENTRIES, _RING = 500, 15, 3

pytestmark = pytest.mark.skipif(not _SOURCE.exists(), reason="there is no checkout here")

_COMMENT = re.compile(r"//[^\n]*")
_PATH = re.compile(r"(?<![\w:])(crate|(?:super::)*super)((?:::\w+)*)(?:::\{([^;]*?)\}\s*;)?")


def _items(group):
    """The paths in the braces of a `use`: `a::b, c::{d, e}` are a::b, c::d and c::e."""
    depth, item, items = 0, "", []
    for letter in group + ",":
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            items.append(item.strip())
            item = ""
        else:
            item += letter
    for item in filter(None, items):
        head, brace, inner = item.partition("::{")
        if brace:
            yield from (f"{head}::{rest}" for rest in _items(inner.removesuffix("}")))
        else:
            yield item


def _file(parts):
    """The file, as (room, name), that a path leads into; None if it stays in the index."""
    if len(parts) >= 2 and (_SOURCE / parts[0] / f"{parts[1]}.rs").exists():
        return tuple(parts[:2])
    return None


def _uses(path):
    """The files that a file uses, by the paths in its source."""
    here = list(path.relative_to(_SOURCE).with_suffix("").parts)
    found = set()
    for start, rest, group in _PATH.findall(_COMMENT.sub("", path.read_text())):
        # In a module inside of a file, `super` is the file itself.
        base = [] if start == "crate" else here[:-1]
        rest = [part for part in rest.split("::") if part]
        for item in _items(group) if group else [""]:
            found.add(_file([*base, *rest, *filter(None, item.split("::"))]))
    return found - {None, tuple(here)}


def _files():
    return [path for path in _SOURCE.glob("*/*.rs") if path.stem != "mod"]


_GRAPH = {(path.parent.name, path.stem): _uses(path) for path in _files()}


def _reached(start):
    reached, ahead = set(), [start]
    while ahead:
        new = _GRAPH[ahead.pop()] - reached
        reached |= new
        ahead.extend(new)
    return reached


def _rings():
    """The sets of files each of which uses all others, in however many steps."""
    reached = {file: _reached(file) for file in _GRAPH}
    return {
        frozenset(other for other in reached[file] if file in reached[other])
        for file in _GRAPH
        if file in reached[file]
    }


def test_every_folder_is_a_room():
    assert {path.name for path in _SOURCE.iterdir()} == {*_ROOMS, "lib.rs"}
    assert all(path.parent.parent == _SOURCE for path in _SOURCE.rglob("*/*.rs"))


def test_the_source_is_read():
    known = {
        ("locks", "condition"): {
            ("locks", "lock"),
            ("blocking", "attached"),
            ("python", "call"),
        },
        ("queue", "opened"): {("queue", "state"), ("locks", "condition")},
    }
    assert all(uses <= _GRAPH[file] for file, uses in known.items())
    assert sum(map(len, _GRAPH.values())) > 200


@pytest.mark.parametrize("room", _ROOMS)
def test_a_room_uses_only_those_below_it(room):
    below = _ROOMS[: _ROOMS.index(room) + 1]
    upward = {
        f"{file} uses {'/'.join(used)}"
        for (place, file), uses in _GRAPH.items()
        for used in uses
        if place == room and used[0] not in below
    }
    assert not upward


def test_no_ring_of_files_is_larger_than_three():
    rings = {" ".join(sorted("/".join(file) for file in ring)) for ring in _rings()}
    assert not [ring for ring in rings if len(ring.split()) > _RING]


@pytest.mark.parametrize("crate", ["raddle", "raddle-py"])
def test_each_file_is_declared(crate):
    """The compiler says nothing of a file that no module names."""
    source, lost = ROOT / "crates" / crate / "src", []
    for path in source.rglob("*.rs"):
        module = path.parent if path.name == "mod.rs" else path.with_suffix("")
        declared = re.compile(rf'\bmod {module.name};|#\[path = "{path.name}"\]')
        beside = [other.read_text() for other in module.parent.glob("*.rs") if other != path]
        if path.name != "lib.rs" and not any(map(declared.search, beside)):
            lost.append(path)
    assert lost == []


def test_an_index_has_no_code():
    for path in _SOURCE.glob("*/mod.rs"):
        rest = [
            line
            for line in path.read_text().splitlines()
            if line and not re.match(r"//!|#\[|pub\(crate\) mod \w+;", line)
        ]
        assert not rest, path


def test_rooms_and_files_are_small():
    for folder in [_SOURCE, *(_SOURCE / room for room in _ROOMS)]:
        assert len(list(folder.iterdir())) <= _ENTRIES, folder
    for path in _SOURCE.rglob("*.rs"):
        assert len(path.read_text().splitlines()) <= _LINES, path
