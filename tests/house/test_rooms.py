"""The package as a house: rooms that a person can find their way in, and imports that go down.

A room is a folder; a public module at the top is one by itself. Imports within functions count.
"""

import ast
from functools import cache

import pytest
from paths import ROOT

HOME = ROOT / "python" / "raddle"
ENTRIES, LINES, FLOORS, CIRCLE = 15, 500, 5, 3

# The floors, from the ground up: what is on one imports from those below it only. (The
# extension is the ground that all stand on.)
HOUSE = (
    {"_threading", "_diagnose"},
    {"_pytest", "_cli", "threading", "queue", "sync"},
    {"_futures"},
    {"futures", "_map", "_install", "_explore"},
    {"cli", "pytest_plugin"},
)
ROOF = {"__init__", "__main__"}  # what a program and a person come in by


@pytest.fixture(autouse=True)
def _checkout():
    if not HOME.exists():
        pytest.skip("there is no checkout here")


@cache
def modules():
    """Return the paths of the modules, by their names without the package's."""
    found = {}
    for path in sorted(HOME.rglob("*.py")):
        parts = path.relative_to(HOME).with_suffix("").parts
        if parts[-1] == "__init__" and len(parts) > 1:
            parts = parts[:-1]
        found[".".join(parts)] = path
    return found


@cache
def imports():
    """Return (module, line, imported module)s for what they import of each other."""
    found, known = [], modules()
    for name, path in known.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert not node.level, f"{path}:{node.lineno}: an import says where it is from"
                of = [f"{node.module}.{each.name}" for each in node.names]
                of = [each if each[7:] in known else node.module for each in of]
            elif isinstance(node, ast.Import):
                of = [each.name for each in node.names]
            else:
                continue
            found += [(name, node.lineno, each[7:]) for each in of if each[:7] == "raddle."]
    return [each for each in found if each[2] != "_raddle"]


def room(module):
    """Return the room that a module is in, at the top of the house."""
    return module.partition(".")[0]


def circles(edges):
    """Return the sets of nodes that can all reach each other, of more than one node."""
    reach = {}
    for start, end in edges:
        reach.setdefault(start, set()).add(end)
    changed = True
    while changed:
        before = sum(map(len, reach.values()))
        for ends in reach.values():
            ends.update(*(reach.get(end, ()) for end in list(ends)))
        changed = sum(map(len, reach.values())) != before
    found = {frozenset(o for o in reach if o in reach[n] and n in reach[o]) for n in reach}
    return [each for each in found if len(each) > 1]


def test_imports_go_down():
    floor = {name: number for number, names in enumerate(HOUSE) for name in names}
    assert set(map(room, modules())) - ROOF == set(floor), "each room is on a floor"
    assert len(HOUSE) <= FLOORS
    up = [
        f"{module}:{line} imports {of}"
        for module, line, of in imports()
        if room(module) not in (room(of), *ROOF) and floor[room(of)] >= floor[room(module)]
    ]
    assert up == []


def test_no_circle_between_the_rooms_in_a_room():
    def folder(module, depth):
        parts = modules()[module].relative_to(HOME).parts[:-1]
        return parts[: depth + 1] if len(parts) > depth else None

    for depth in (1, 2):
        edges = {(folder(module, depth), folder(of, depth)) for module, _, of in imports()}
        edges = {(a, b) for a, b in edges if a and b and a != b and a[:-1] == b[:-1]}
        assert circles(edges) == []


def test_circles_of_modules_are_small():
    found = circles({(a, b) for a, _, b in imports()})
    assert [each for each in found if len(each) > CIRCLE] == []


def test_rooms_and_modules_are_small():
    def entries(folder):
        return [
            each
            for each in folder.iterdir()
            if (each.is_dir() and each.name != "__pycache__")
            or (each.suffix == ".py" and each.name != "__init__.py")
        ]

    folders = [HOME, *(each for each in HOME.rglob("*") if each.is_dir())]
    crowded = {
        str(each): len(entries(each)) for each in folders if len(entries(each)) > ENTRIES
    }
    assert crowded == {}
    lines = {str(each): len(each.read_text().splitlines()) for each in HOME.rglob("*.py")}
    assert {each: count for each, count in lines.items() if count > LINES} == {}
