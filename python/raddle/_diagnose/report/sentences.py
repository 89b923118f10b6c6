"""The sentences of a report: the ring in words, and the usual cure.

A link is a dict: the thread that waits ("thread"), the "kind" of wait, for what ("name",
"type"), which thread is to end it ("provider", a name or None), and whether that one holds it
("held": a place or None).
"""

from raddle._diagnose.program import process
from raddle._diagnose.report import ending

ACTIONS = ("report", "raise", "ignore")  # what is done about a deadlock, in one word
LOCKS = ("lock", "rlock")
# Waits whose words say of what type it is.
PLAIN = ("thread join", "import", "work", "timer", "futures", ending.THREADS)
A_CALL = "a call"  # what a future is called that no variable holds
# Waits of threads that are idle, or that end when another thread does.
_FOLLOWING = ("work", "queue get", "thread join", "futures", "pool", ending.THREADS)
MOST = 6  # waits that a sentence tells of

_WAITS = {
    "lock": "waits for {name}",
    "rlock": "waits for {name}",
    "condition": "waits for a notify of {name}",
    "semaphore": "waits for a permit of {name}",
    "event": "waits for {name} to be set",
    "barrier": "waits for the others at {name}",
    "queue get": "waits for an item in {name}",
    "queue put": "waits for room in {name}",
    "queue join": "waits for every item of {name} to be done",
    "thread join": "waits for the end of {provider}",
    "import": "waits for the import of {name}",
    "future": "waits for the result of {name}",
    "futures": "waits for futures to be done",
    "pool": "waits for the workers of {name}",
    "work": "waits for something to do",
    "rwlock": "waits for {name}",
    "latch": "waits for {name} to open",
    "sleep": "sleeps",
    "timer": "waits for its time",
    ending.THREADS: "has run the program's last line, and waits for the end of {name}",
}

HEADINGS = {
    "itself": "deadlock: {0} waits for itself",
    "cycle": "deadlock: {1} threads wait for each other",
    "alone": "deadlock: {0} waits, and no other thread is left to wake it",
    "asleep": "deadlock: all {1} threads wait, and none is left to wake another",
    "starved": (
        "deadlock: {0} {are} starved: {their} workers wait for calls that only they could make"
    ),
}


def refusal(action):
    """Return what is wrong with RADDLE_ON_DEADLOCK, or None; it need not be there."""
    if not action or action in ACTIONS:
        return None
    return f"RADDLE_ON_DEADLOCK is one of {', '.join(ACTIONS)}, not {action!r}"


def some(kind):
    """Return what a wait of this kind is for when nobody knows the object."""
    word = kind.removesuffix(" get").removesuffix(" put").removesuffix(" join")
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def wait(link):
    """Return a thread's wait in words, without on whom."""
    text = _WAITS.get(link["kind"], "waits for {name}")
    return text.format(name=link["name"], provider=link["provider"] or "a thread")


def where(link):
    """Return where a thread is that has left the program's own lines, as an insertion."""
    return " (in an atexit handler)" if link["ending"] == ending.HANDLER else ""


def due(link):
    """Return on whom a thread waits, as the end of a clause; "" where nobody knows."""
    if link["pool"] is not None:
        return f", queued in {link['pool']}"
    if link["provider"] is None or link["kind"] == "thread join":
        return ""
    if link["kind"] in LOCKS:
        return f", held by {link['provider']}"
    if link["kind"] == "import":
        return f", which {link['provider']} is in"
    return f", due from {link['provider']}"


def heading(kind, links, certain, ways):
    """Return the first line of a report."""
    if is_exit(kind, links):
        return ending.heading(links)
    doubtful = "possible " if kind != "asleep" and not certain else ""
    if kind == "starved":
        pools = _pools(links)
        are, their = ("are", "their") if len(pools) > 1 else ("is", "its")
        names = ending.listed(pools)
        return f"{doubtful}{HEADINGS[kind].format(names, are=are, their=their)}"
    if ways:
        what = (
            f"all {len(links)} threads wait"
            if len(links) > 1
            else f"{links[0]['thread']} waits"
        )
        return f"{what}, and only {ending.listed(ways)} could end this"
    word = ("itself" if kind == "cycle" else "alone") if len(links) == 1 else kind
    return doubtful + HEADINGS[word].format(links[0]["thread"], len(links))


def _pools(links):
    """Return the pools in which something is queued that threads wait for."""
    return list(dict.fromkeys(each["pool"] for each in links if each["pool"]))


def is_exit(kind, links):
    """Return whether the report is of a program that has ended, and does not exit."""
    return kind == "asleep" and any(each["kind"] == ending.THREADS for each in links)


def sentence(kind, links):
    """Return one sentence that says which thread waits for which."""
    if is_exit(kind, links):
        return _exit(groups(kind, ending.keepers(links)))
    return {"cycle": _ring, "asleep": _asleep, "starved": _starved}[kind](links) + "."


def _ring(links):
    first, last = links[0], links[-1]
    text = first["thread"]
    if last["kind"] in LOCKS:
        place = f" ({last['held']})" if last["held"] else ""
        text += f" holds {last['name']}{place} and"
    if len(links) == 1:
        if first["kind"] in LOCKS:
            return f"{text} waits for it again, so it never gets to release it"
        return f"{text} {wait(first)}, which only {first['thread']} itself can bring about"
    for link in links[:-1]:
        text += f" {wait(link)}{due(link)}, which"
    text += f" {wait(last)}"
    return text if last["kind"] in (*LOCKS, "thread join") else text + due(last)


def groups(kind, links):
    """Return the threads as they are told of: those that wait alike, at one line, together.

    (Of a ring each is told of: which waits for which is what matters.)
    """
    if kind == "cycle":
        return [[each] for each in links]
    found = {}
    for each in links:
        lines = tuple((entry["file"], entry["line"]) for entry in each["stack"])
        alike = (each["kind"], each["name"], each["provider"], each["runs"], lines)
        found.setdefault(alike, []).append(each)
    return list(found.values())


def together(group):
    """Return the names of threads that wait alike, and what they wait for."""
    one, text = group[0], wait(group[0])
    if len(group) == 1:
        return f"{one['thread']}{where(one)}", text
    names = ending.listed([each["thread"] for each in group])
    if one["kind"] == "work" and not one["stack"]:
        names = f"{len(group)} workers"
    return names, text.replace("waits", "wait", 1)


def _asleep(links):
    spare = ("work", "queue get") if any(map(_is_culprit, links)) else ("work",)
    idle = [each for each in links if each["kind"] in spare]
    told = groups("asleep", [each for each in links if each["kind"] not in spare] or idle)
    rest = ""
    if 0 < len(idle) < len(links):
        names = [" ".join(together(group)) for group in groups("asleep", idle)]
        rest = f" ({'; '.join(names[:MOST])})"
    if len(told) == len(told[0]) == 1:
        alone = f"{_parts(told)}, and no other thread is left that could bring it about"
        return alone + rest
    return f"{_parts(told)}: no thread is left that could bring one of these about{rest}"


def _is_culprit(link):
    """Return whether a wait neither is that of an idle thread nor only follows another's."""
    if link["kind"] == "future":
        return link["provider"] is None
    return link["kind"] not in _FOLLOWING


def _parts(told):
    """Return what groups of threads wait for."""
    parts = [" ".join(together(group)) + due(group[0]) for group in told[:MOST]]
    more = sum(map(len, told[MOST:]))
    if more:
        parts.append(f"{more} more wait{'s' * (more == 1)}")
    return "; ".join(parts)


def _starved(links):
    told = _parts(groups("starved", links))
    return f"{told}: no worker of {ending.listed(_pools(links))} is left to make these calls"


def _exit(told):
    if not told:
        return (
            "The program has ended, but its exit waits for the end of a thread that is gone, "
            "and no thread is left that could bring that about."
        )
    keep = "keeps" if len(told) == len(told[0]) == 1 else "keep"
    names = ending.listed([together(group)[0] + ending.place(group[0]) for group in told])
    begin = f"The program has ended, but {names} {keep} it from exiting: "
    if len(told) == 1:
        subject = "it" if keep == "keeps" else "they"
        what, end = f"{subject} {together(told[0])[1]}", "that"
    else:
        what, end = (
            "; ".join(" ".join(together(group)) for group in told[:MOST]),
            "one of these",
        )
    return f"{begin}{what}, and no thread is left that could bring {end} about."


def doubt(kind, links, ways):
    """Return one sentence on how it might still end, of a deadlock that is not certain."""
    if ways:
        return f"(Only {ending.listed(ways)} could end this.)"
    if kind == "asleep":
        return "(Something outside Python's threads may still wake one of them.)"
    if kind == "starved":
        return "(Any thread may cancel a call that is queued, but nobody did.)"
    kinds = {each["kind"] for each in links}
    ways = [way for word, way in _WAYS_OUT.items() if word in kinds]
    return f"(Any thread may {' or '.join(ways) or 'end it'}, but nobody did.)"


_WAYS_OUT = {"lock": "release a Lock", "future": "end a Future"}


def cure(kind, links):
    """Return one sentence on what usually helps."""
    kinds = {each["kind"] for each in links}
    if is_exit(kind, links):
        return ending.cure(links)
    if kind == "cycle":
        return _cure_of_ring(links, kinds)
    if kind == "starved":
        return _cure_of_pools(_pools(links))
    if any(each["ending"] == ending.HANDLER for each in links):
        return _CURE_OF_HANDLER
    for each in links:
        if each["kind"] == "future" and each["provider"] == each["thread"]:
            return f"Do not ask for the result of {each['name']} in the call that gives it."
    for each in links:
        if each.get("replaced"):
            return _cure_of_replaced(each)
    holding = _cure_of_holder(links)
    if holding is not None:
        return holding
    pools = _pools(links)
    if pools:
        return _cure_of_pools(pools)
    for word, text in _CURES.items():
        for each in links:
            # (A call that a thread makes ends when that one's own wait does.)
            if each["kind"] == word and not (word == "future" and each["provider"]):
                name = "the future" if each["name"] == A_CALL else each["name"]
                return text.format(name=name)
    return "Let the thread that is waited for go on, or wait with a timeout."


def _cure_of_pools(pools):
    has = "they have" if len(pools) > 1 else "it has"
    return _CURE_OF_POOL.format(ending.listed(pools), has)


def _cure_of_replaced(link):
    """Return what helps where a variable has another object than the one that is waited for."""
    what, type_ = link["replaced"], link["type"]
    return (
        f"{what} is another {type_} by now, so nothing that is done with it wakes "
        f"{link['thread']}: do not assign a new one while a thread waits for the old one."
    )


def _cure_of_holder(links):
    """Return what helps where a thread waits for something else with a lock in hand."""
    waits = {each["thread"]: each for each in links}
    for each in links:
        if each["kind"] not in LOCKS:
            continue
        if each["provider"] == process.gone():
            return _CURE_OF_FORK if process.is_child() else _CURES["lock"].format(**each)
        holder = waits.get(each["provider"])
        if holder is not None and holder["kind"] not in LOCKS:
            return f"Release {each['name']} before {_act(holder)}."
    return None


def _act(link):
    """Return a wait as what a thread does."""
    what = {
        "thread join": "joining {provider}",
        "future": "asking for the result of {name}",
        "import": "importing {name}",
        "condition": "waiting for a notify of {name}",
    }.get(link["kind"], "waiting for {name}")
    return what.format(name=link["name"], provider=link["provider"])


def _cure_of_ring(links, kinds):
    locks = (*LOCKS, "rwlock")
    names = list(dict.fromkeys(each["name"] for each in links if each["kind"] in locks))
    if len(links) == 1 and names:
        if links[0]["kind"] == "lock":
            return (
                f"Release {names[0]} before calling what takes it too, or make it an RLock, "
                "which its holder may take again."
            )
        return f"Release {names[0]} before waiting for it."
    if kinds <= set(locks):
        order = ", then ".join(sorted(names))
        return (
            f"Take the locks in one order everywhere (say, {order}), "
            "or take the second with acquire(timeout=...) and let the first go if that fails."
        )
    if names:
        waits = next(each for each in links if each["kind"] not in locks)
        return f"Release {' and '.join(names)} before {_act(waits)}."
    if "future" in kinds:
        return (
            "Let only one of the threads wait for the other: return the future instead of "
            "asking for its result."
        )
    if kinds == {"thread join"}:
        return "Let only one of the threads join the other; their starter can join both."
    return "Let one of the threads go on without the other, or wait with a timeout."


_CURE_OF_POOL = (
    "Give {0} more workers than {1} tasks that wait for others, or the inner tasks a pool "
    "of their own, or return the futures and let the caller wait for them."
)

_CURE_OF_HANDLER = (
    "Do not wait for other threads in an atexit handler: it is called when they have ended, "
    "but for daemons. Wait before the program's last line."
)

_CURE_OF_FORK = (
    "Fork before other threads are started, or use subprocess: a child of os.fork() has none "
    "of its parent's other threads, and what they held stays held."
)

# For threads that all sleep, the most telling wait first.
_CURES = {
    "import": (
        "Do not wait for another thread at the top level of {name}: do it in a function, which "
        "is called once {name} is imported."
    ),
    "lock": "Release {name} on every way out: write `with {name}:`.",
    "rlock": "Release {name} in the thread that took it: write `with {name}:`.",
    "barrier": (
        "Start as many threads as {name} has parties, and call its abort() where one fails."
    ),
    "queue join": (
        "Call {name}.task_done() once for each item that was got, in a `finally:` block."
    ),
    "queue put": (
        "Get from {name} in another thread than the one that puts, or give it more room "
        "(maxsize)."
    ),
    "future": "End {name} on every way out: call its set_result() or set_exception().",
    "condition": (
        "Keep what is waited for in a variable, change it and notify under the lock, and wait "
        "with {name}.wait_for(...): a notify that comes before the wait is not kept."
    ),
    "semaphore": (
        "Give each permit of {name} back on every way out: by `with {name}:`, or by release() "
        "in a `finally:` block where the work ends that it was for."
    ),
    "event": "Call {name}.set() on every way out, in a `finally:` block.",
    "queue get": (
        "Put a last item that means the end (None, say) into {name} for each thread that gets, "
        "or call its shutdown(), from Python 3.13 on."
    ),
    "pool": "Let the tasks of {name} end before it is shut down.",
    "futures": (
        "End each of the futures on every way out: call its set_result() or set_exception()."
    ),
    "thread join": "Tell the thread to end before joining it.",
}
