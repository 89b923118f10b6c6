"""Links of a page that is read somewhere else than in the repository.

    python tools/links.py README.md          # as a package index shows it

Pages link to files of the repository by relative paths, which mean nothing on the page of a
package index. There, and wherever the docs site has no page for a file, such a link leads to
the public repository: `Source` in pyproject.toml's `[project.urls]`, the one place that has its
address. As long as there is none, only the link's text remains.
"""

import os
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(!?)\[((?:`[^`]*`|[^\]`])*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def repository():
    """Return the address of a file in the public repository, but for its path; or None."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    source = project.get("urls", {}).get("Source")
    return source and source.rstrip("/") + "/blob/main"


def rewritten(text, folder, moved=lambda path: None):
    """Return a page of `folder` with its links as `moved` has them, or to the repository."""
    base = repository()

    def replaced(match):
        mark, shown, path, place = match[1], match[2], match[3], match[4] or ""
        target = moved(path)
        if target is None and base is not None:
            target = f"{base}/{os.path.normpath(folder / path)}"
        return shown if target is None else f"{mark}[{shown}]({target}{place})"

    # (What is code is passed over, and links whose text is code are not.)
    pieces, end = [], 0
    for fence in re.finditer(r"^```.*?^```$", text, re.MULTILINE | re.DOTALL):
        pieces += [LINK.sub(replaced, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join(pieces) + LINK.sub(replaced, text[end:])


def main():
    page = Path(sys.argv[1]).resolve()
    print(rewritten(page.read_text(), page.relative_to(ROOT).parent), end="")


if __name__ == "__main__":
    main()
