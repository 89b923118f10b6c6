"""A contention profile as speedscope (www.speedscope.app) draws it: time spent waiting.

Each stack is a place that waited, what it waited for and, for a lock, where that had been taken
by the line that held it.
"""

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def document(rows, name):
    """Return the file's content for rows of raddle.stats(), ready for json.dumps()."""
    frames, numbers = [], {}
    samples, weights = [], []

    def frame(name, at=None):
        if (name, at) not in numbers:
            numbers[name, at] = len(frames)
            file, _, line = (at or "").rpartition(":")
            frames.append({"name": name} | ({"file": file, "line": int(line)} if at else {}))
        return numbers[name, at]

    for row in rows:
        for each in row["waiting"]:
            where = each["function"] or "somewhere"
            stack = [frame(where, each["at"]), frame(f"waits for {row['name']}", row["made"])]
            if each["held_at"]:
                stack.append(frame("held since", each["held_at"]))
            samples.append(stack)
            weights.append(each["total"])
    profile = {
        "type": "sampled",
        "name": f"{name}: time spent waiting",
        "unit": "seconds",
        "startValue": 0,
        "endValue": sum(weights),
        "samples": samples,
        "weights": weights,
    }
    return {
        "$schema": _SCHEMA,
        "exporter": "raddle",
        "name": profile["name"],
        "activeProfileIndex": 0,
        "shared": {"frames": frames},
        "profiles": [profile],
    }
