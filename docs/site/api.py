"""The reference, out of docstrings: what `autodoc` finds is made ready to be read here.

raddle's docstrings are prose, made to be read in a terminal too. This puts their parts where
readers of such pages look for them: arguments, errors and the standard library's counterpart in
fields of their own, and names as links. Signatures get the types that the stubs have.
"""

import builtins
import importlib
import inspect
import re
from pathlib import Path

import stubs
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform

HERE = Path(__file__).parent
MODULES = ("raddle", "raddle.threading", "raddle.queue", "raddle.futures")
STOCK = {"raddle.threading": "threading", "raddle.queue": "queue"}
STOCK |= {"raddle.futures": "concurrent.futures"}
LATER = {  # names of the standard library that not every version has
    **dict.fromkeys(["serialize_iterator", "synchronized_iterator", "concurrent_tee"], "3.15"),
    **dict.fromkeys(["setprofile_all_threads", "settrace_all_threads"], "3.12"),
    "ShutDown": "3.13",
}

PYTHON = {
    line.split()[0]
    for line in (HERE / "python.txt").read_text().splitlines()
    if not line.startswith("#")
}
DIRECTIVE = re.compile(
    r"^\.\. (?:auto|py:)(?:class|function|exception|data):: (raddle\S+)", re.M
)


def shown():
    """Return the names that the reference has, members included."""
    names = set()
    for page in (HERE / "reference").glob("*.md"):
        for name in DIRECTIVE.findall(page.read_text()):
            names.add(name)
            module, _, last = name.rpartition(".")
            value = getattr(importlib.import_module(module), last)
            if inspect.isclass(value):
                names |= {
                    f"{name}.{each}"
                    for each, what in vars(value).items()
                    if each[0] != "_" and what.__doc__ and not obsolete(what.__doc__)
                }
    return names


def obsolete(doc):
    """Return whether this is the docstring of a name that is only there for old programs."""
    return doc.startswith(("A deprecated synonym", "An obsolete synonym"))


# A word that is code, or a link: `x`, f(*args), threading.Timer, ValueError, wait()
WORD = re.compile(
    r"`(?P<quoted>[^`]+)`"
    r"|(?P<call>\b[A-Za-z_][\w.]*\([^()]*\)(?:\.\w+)?)"
    r"|(?P<name>\b(?:[A-Za-z_]\w*\.)+\w+)"
    r"|(?P<error>\b[A-Z]\w+(?:Error|Warning|Interrupt|Group|Executor)\b"
    r"|\b(?:Empty|Full|ShutDown)\b)"
    r"|(?P<constant>\b(?:None|True|False)\b)"
    r'|(?P<string>"[^"\n]+")'
    r"|(?P<mark>[*|\\_])"
)


class Linker:
    """Turns the words of one docstring into links where the reference or Python has them."""

    def __init__(self, known, module, owner):
        self.known, self.module, self.owner = known, module, owner

    def target(self, name):
        """Return the full name that a page has for what a docstring calls `name`."""
        tried = [f"{self.owner}.{name}", f"{self.module}.{name}", name]
        tried += [f"{other}.{name}" for other in (*STOCK.values(), *MODULES)]
        tried += [f"threading.{name}", f"concurrent.futures.{name}"]
        return next((each for each in tried if each in self.known or each in PYTHON), None)

    def is_builtin(self, name):
        return hasattr(builtins, name) and f"{self.module}.{name}" not in self.known

    def link(self, shown, name):
        target = self.target(name)
        return f":py:obj:`{shown} <{target}>`" if target else f"``{shown}``"

    def word(self, match):
        kind, text = match.lastgroup, match[match.lastgroup]
        if kind == "quoted":
            return f"``{text}``"
        if kind == "call":
            name, _, arguments = text.partition("(")
            plain = arguments == ")" and not self.is_builtin(name)
            return self.link(text, name) if plain else f"``{text}``"
        if kind in ("string", "constant"):
            return f"``{text}``"
        if kind == "mark":
            return f"\\{text}"
        if kind == "name" and self.target(text) is None:
            return text if text.endswith((".py", ".json")) else f"``{text}``"
        return self.link(text, text) if self.target(text) else text

    def rest(self, text):
        """Return prose as reStructuredText."""
        return WORD.sub(self.word, text)


COUNTERPART = re.compile(
    r"Counterparts?: |The standard library has no counterpart|(?:threading|concurrent)\.\S+[, ]"
)


def sentences(paragraph, arguments):
    """Split a paragraph where a sentence ends, or the words about the next argument begin."""
    names = "|".join(map(re.escape, arguments)) or "$^"
    listed = rf"`?(?:{names})`?(?:, `?(?:{names})`?)*: "
    pieces = re.split(
        rf"(?<=[.!?)]) (?=[A-Z(`]|threading\.|concurrent\.)|(?<=[.;]) (?={listed})", paragraph
    )
    return [piece for piece in pieces if piece], re.compile(rf"({listed[:-2]}): (.*)", re.S)


def fields(text, arguments):
    """Split a docstring into prose, arguments, errors and what the standard library has."""
    prose, about, errors, stock = [], [], [], []
    for paragraph in re.split(r"\n\s*\n", text):
        pieces, listed = sentences(" ".join(paragraph.split()), arguments)
        into, said = None, []
        for piece in pieces:
            if piece.startswith("Raises "):
                into = errors
                errors.append(piece.removeprefix("Raises "))
            elif COUNTERPART.match(piece):
                into = stock
                piece = re.sub(r"^Counterparts?: ", "", piece)
                stock.append(
                    re.sub("^The standard library has no counterpart", "no counterpart", piece)
                )
            elif found := listed.match(piece):
                into = about
                about.append([found[1].replace("`", ""), found[2]])
            elif into is about:
                about[-1][1] += " " + piece
            elif into is stock:
                stock[-1] += " " + piece
            else:
                said.append(piece)
        prose.append(" ".join(said))
    return [each for each in prose if each], about, errors, stock


def upper(text):
    """Return a text with its first letter large, unless that is part of a name."""
    first = text.split()[0]
    return text if re.search(r"[\W_0-9]", first[:-1]) else text[:1].upper() + text[1:]


def counterpart(module, path):
    """Return what the standard library calls a function or class, and the words about that."""
    if "." in path:
        return None, ""
    if module not in STOCK:
        return None, "No counterpart."
    name = f"{STOCK[module]}.{path}"
    shown = f":py:obj:`{name}`" if name in PYTHON else f"``{name}``"
    return name, f"{shown}, new in Python {LATER[path]}" if path in LATER else shown


class Reference:
    """What autodoc asks: once for each signature and each docstring."""

    def __init__(self):
        self.known = shown()

    def place(self, name):
        """Return the public module of a full name, and the rest."""
        module = max((each for each in MODULES if name.startswith(each + ".")), key=len)
        return module, name[len(module) + 1 :]

    def signature(self, app, what, name, value, options, arguments, result):
        return stubs.signature(*self.place(name), value) or (arguments, result)

    def docstring(self, app, what, name, value, options, lines):
        module, path = self.place(name)
        owner = name if inspect.isclass(value) else name.rpartition(".")[0]
        linker = Linker(self.known, module, owner)
        try:
            arguments = list(inspect.signature(value).parameters)
        except (TypeError, ValueError):
            arguments = []
        text = "\n".join(lines).replace(
            " raddle only.", " (The standard library has no name=.)"
        )
        prose, about, errors, stock = fields(text, arguments)
        name, found = counterpart(module, path)
        lines[:] = [line for each in prose for line in (linker.rest(each), "")]
        lines += [":Arguments:"] if about else []
        for names, text in about:
            shown = ", ".join(f"**{each}**" for each in names.split(", "))
            lines += [f"   * {shown}: {linker.rest(text)}"]
        lines += [f":Raises: {linker.rest(upper(text))}" for text in errors]
        said = [linker.rest(upper(text)) for text in stock]
        if found and not (any(name in text for text in stock) if name else stock):
            said.insert(0, found)
        if said:
            lines += [f":Standard library: {' '.join(said)}"]
        lines.append("")

    def skip(self, app, what, name, value, skip, options):
        return True if obsolete(getattr(value, "__doc__", None) or "") else None


class LinkCode(SphinxTransform):
    """Code in a page's text that is a name of the reference, or of Python's, leads there."""

    default_priority = 400

    def apply(self):
        known = self.app.reference.known
        for literal in list(self.document.findall(nodes.literal)):
            if isinstance(literal.parent, (pending_xref, nodes.reference, nodes.title)):
                continue
            if literal.get("classes"):
                continue
            name = re.sub(r"\(.*\)$", "", literal.astext(), flags=re.S)
            if "." not in name or not (name in known or name in PYTHON):
                continue
            link = pending_xref(
                "",
                refdomain="py",
                reftype="obj",
                reftarget=name,
                refexplicit=True,
                refwarn=True,
            )
            literal.parent.replace(literal, link)
            link += literal


class MarkPictures(SphinxTransform):
    """A picture that is a paragraph of its own has a class: it may be wider than a phone."""

    default_priority = 400

    def apply(self):
        for paragraph in self.document.findall(nodes.paragraph):
            if len(paragraph) == 1 and isinstance(paragraph[0], nodes.image):
                paragraph["classes"].append("picture")


class Lock:
    """A stand-in with the name that a program uses: the type's own is `lock`."""


def name_the_lock():
    """Have autodoc show the type of locks under its public name, on each version of Python."""
    from raddle import threading

    kind = type(threading.Lock())
    for name, value in vars(kind).items():
        if not name.startswith("_"):
            setattr(Lock, name, value)
    Lock.__doc__, Lock.__module__ = kind.__doc__, "raddle.threading"
    Lock.__signature__ = inspect.signature(threading.Lock)
    threading.Lock = Lock


def setup(app):
    name_the_lock()
    reference = app.reference = Reference()
    app.connect("autodoc-process-signature", reference.signature)
    app.connect("autodoc-process-docstring", reference.docstring)
    app.connect("autodoc-skip-member", reference.skip)
    app.add_transform(LinkCode)
    app.add_transform(MarkPictures)
    return {"parallel_read_safe": True}
