"""What the type stubs say of a function: its annotations, as the reference shows them.

The signature itself is that of the running object; from the `.pyi` files come the types, which
a function in Rust cannot carry. Where there are several, a parameter has the types of all.
"""

import ast
import functools
import inspect
from importlib.util import find_spec
from pathlib import Path


class Module(str):
    """What `import ... as` binds."""


@functools.cache
def parsed(module):
    """Return what a module's stub binds: definitions, and (module, name) for imports."""
    spec = find_spec(module)
    file = Path(spec.origin).with_suffix(".pyi")
    if not file.exists():  # of a module in Rust: without the interpreter's tag
        file = file.with_name(module.rpartition(".")[2] + ".pyi")
    names = {}
    for node in ast.walk(ast.parse(file.read_text())) if file.exists() else ():
        if isinstance(node, ast.ImportFrom):
            names |= {each.asname or each.name: (node.module, each.name) for each in node.names}
        elif isinstance(node, ast.Import):
            names |= {each.asname: Module(each.name) for each in node.names if each.asname}
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias":
            names[node.target.id] = node.value
    tree = ast.parse(file.read_text()) if file.exists() else ast.Module([], [])
    return names | definitions(tree)


def definitions(tree):
    """Return the classes of a body, and the functions, each with all its signatures."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node)
    return found


def look_up(module, path):
    """Return what stubs say of `path` in a module, and the module that says it."""
    first, *rest = path.split(".")
    found = parsed(module).get(first)
    if isinstance(found, ast.Name):  # `Lock = _lock`
        return look_up(module, ".".join([found.id, *rest]))
    if isinstance(found, tuple):
        home, name = found
        if not home.startswith("raddle"):
            return None, module
        return look_up(home, ".".join([name, *rest]))
    for each in rest:
        if not isinstance(found, ast.ClassDef):
            return None, module
        found = next(
            (
                definitions(body)[each]
                for body in lineage(module, found)
                if each in definitions(body)
            ),
            None,
        )
    return found, module


def lineage(module, node):
    """Yield a class and those of its module that it inherits from."""
    yield node
    for base in node.bases:
        name = base.value if isinstance(base, ast.Subscript) else base
        inherited = parsed(module).get(getattr(name, "id", None))
        if isinstance(inherited, ast.ClassDef):
            yield from lineage(module, inherited)


class Plain(ast.NodeTransformer):
    """Annotations as a reader wants them: full names, no aliases, no underscores."""

    def __init__(self, module):
        self.module = module

    def visit_Name(self, node):
        found = parsed(self.module).get(node.id)
        if isinstance(found, tuple):
            home, name = found
            if home.startswith("raddle") and isinstance(parsed(home).get(name), ast.expr):
                return Plain(home).visit(ast.Name(name))
            hidden = home.startswith("raddle") or "_" in home
            return ast.parse(name if hidden else f"{home}.{name}", mode="eval").body
        if isinstance(found, ast.Call):  # a type variable
            return ast.Name(node.id.lstrip("_"))
        if isinstance(found, ast.expr):  # an alias
            return self.visit(found)
        return ast.Name(node.id.lstrip("_"))

    def visit_Attribute(self, node):
        home = parsed(self.module).get(getattr(node.value, "id", None))
        if isinstance(home, Module):
            return ast.parse(f"{home}.{node.attr}", mode="eval").body
        return self.generic_visit(node)  # `_P.args` and the like


def alternatives(node):
    """Yield the types of a union."""
    if isinstance(node, ast.BinOp):
        yield from alternatives(node.left)
        yield from alternatives(node.right)
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "typing.Literal":
        yield from node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    else:
        yield node


def text(module, annotations):
    """Return the text for one or several annotations."""
    parts = {}
    for each in filter(None, annotations):
        for node in alternatives(Plain(module).visit(each)):
            parts[ast.unparse(node)] = None
    most = "collections.abc.Callable[..., "  # It says what more exact ones say.
    if any(part.startswith(most) for part in parts):
        parts = [part for part in parts if "Callable[[" not in part]
    return " | ".join(parts)


def signature(module, path, value):
    """Return (parameters, result) of a public function, method or class as text, or None."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return None
    is_class = inspect.isclass(value)
    nodes, home = look_up(module, f"{path}.__init__" if is_class else path)
    if is_class and nodes is None:
        nodes, home = look_up(module, f"{path}.__new__")
    nodes = nodes if isinstance(nodes, list) else []
    types, results = {}, []
    for node in nodes:
        every = node.args
        named = [*every.posonlyargs, *every.args, *every.kwonlyargs, every.vararg, every.kwarg]
        for each in filter(None, named):
            types.setdefault(each.arg, []).append(each.annotation)
        results.append(node.returns)
    parameters = list(signature.parameters.values())
    if parameters and parameters[0].name in ("self", "cls") and "." in path:
        parameters = parameters[1:]
    shown = [
        each.replace(annotation=Text(text(home, types.get(each.name, []))) or each.empty)
        for each in parameters
    ]
    result = "" if is_class else text(home, results[:1])
    return str(signature.replace(parameters=shown, return_annotation=signature.empty)), result


class Text(str):
    """An annotation that is shown as it is, without quotes."""

    def __repr__(self):
        return str(self)
