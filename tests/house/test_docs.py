"""Every Python snippet in the documentation runs, and prints what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import gallery
import pytest
from paths import ROOT
from programs import RADDLE, run

sys.path += [str(ROOT), str(ROOT / "tools")]

import links
from raddle._diagnose.race import settings

from benchmarks import report

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PATIENCE = 120  # seconds until a snippet counts as hung

# A fenced block, with the comment that names its file and the output that follows it.
SNIPPET = re.compile(
    r"(?:^<!-- (?P<file>\S+\.py) -->\n)?"
    r"^```python\n(?P<code>.*?)^```\n"
    r"(?:\n(?:It prints:\n\n)?```text\n(?P<output>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\[[^\]]*\]\((?!https?://|#)([^)#\s]+)[^)]*\)")


def _snippets():
    for page in PAGES:
        text = page.read_text()
        for match in SNIPPET.finditer(text):
            line = text.count("\n", 0, match.start("code"))
            yield pytest.param(match, id=f"{page.relative_to(ROOT)}:{line}")


SNIPPETS = list(_snippets())
HANG = "examples/hang.py"  # the one that does not end
ENDING = [each for each in SNIPPETS if each.values[0]["file"] != HANG]


def test_no_python_block_escapes_the_pattern():
    for page in PAGES:
        text = page.read_text()
        assert text.count("```py") == len(SNIPPET.findall(text)), page


NEEDS = {'backend="processes"': "loky", 'backend="dask': "distributed"}
NO_RACES = settings.refusal()  # why none are looked for here, or None


@pytest.mark.raddle_only
@pytest.mark.parametrize("snippet", ENDING)
def test_snippet_runs_and_prints_what_the_page_says(snippet, tmp_path):
    for word, package in NEEDS.items():
        if word in snippet["code"]:
            pytest.importorskip(package, reason=f"the snippet needs {package}")
    if "race=True" in snippet["code"] and NO_RACES:
        pytest.skip(NO_RACES)
    script = tmp_path / "snippet.py"
    script.write_text(snippet["code"])
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RADDLE"))},
    )
    assert (done.returncode, done.stderr) == (0, "")
    if snippet["output"] is not None:
        assert done.stdout == snippet["output"]


@pytest.mark.raddle_only
def test_the_hang_that_readme_shows_is_reported_as_it_says():
    _, found, after = (ROOT / "README.md").read_text().partition(f"<!-- {HANG} -->")
    shown = gallery.plain(re.search(r"^```text\n(.*?)^```\n", after, re.M | re.S)[1])
    assert found
    process = gallery.start(Path(HANG).stem, ROOT / "examples")
    assert gallery.said(process, lambda text: len(text) >= len(shown)).strip() == shown.strip()


REPORTS = re.compile(r"^```text\n(raddle: race: .*?)^```\n", re.MULTILINE | re.DOTALL)
RACES = ROOT / "examples" / "races"


@pytest.mark.raddle_only
@pytest.mark.skipif(NO_RACES is not None, reason=str(NO_RACES))
def test_the_races_that_pages_show_are_reported_as_they_say():
    folders = {"races.md": RACES, "tutorial.md": ROOT}
    shown, told = set(), set()
    for name, folder in folders.items():
        for text in REPORTS.findall((ROOT / "docs" / name).read_text()):
            shown.add((name, gallery.plain(text)))
        for program in sorted(RACES.glob("*.py")):
            # (The tutorial has the first one only.)
            if name == "races.md" or program.name == "counter.py":
                path = str(program.relative_to(folder))
                done = run(*RADDLE, "--race", path, cwd=folder)
                assert done.returncode == 0
                told.add((name, gallery.plain(done.stderr)))
    assert shown == told


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_snippet_that_names_a_file_is_that_file(snippet):
    if snippet["file"] is None:
        compile(snippet["code"], "snippet", "exec")
    else:
        assert snippet["code"] == (ROOT / snippet["file"]).read_text()


def test_every_tutorial_program_is_shown():
    shown = {
        Path(name)
        for name in re.findall(r"<!-- (\S+\.py) -->", (ROOT / "docs/tutorial.md").read_text())
    }
    assert shown == {p.relative_to(ROOT) for p in (ROOT / "examples/tutorial").glob("*.py")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target


def test_tables_show_what_the_results_say():
    runs = report.read(report.of(report.RESULTS))
    for page in report.excerpt.PAGES:
        text = page.read_text()
        assert "<!-- figures: " in text
        assert report.page(text, runs) == text, "run `python -m benchmarks.report`"


def test_links_lead_to_the_repository_where_there_are_no_files(monkeypatch):
    text = "[`a`](docs/guide.md#types), [b](#here), [c](https://example.org)\n![d](../e.svg)\n"
    monkeypatch.setattr(links, "repository", lambda: "https://example.org/blob/main")
    assert links.rewritten(text, Path("sub")) == (
        "[`a`](https://example.org/blob/main/sub/docs/guide.md#types), [b](#here), "
        "[c](https://example.org)\n![d](https://example.org/blob/main/e.svg)\n"
    )
    monkeypatch.setattr(links, "repository", lambda: None)
    assert links.rewritten(text, Path("sub")) == (
        "`a`, [b](#here), [c](https://example.org)\nd\n"
    )
    code = "```sh\n[a](b)\n```\n"
    assert links.rewritten(code, Path()) == code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page):
    names = re.findall(
        r"(?<![\w./])(?:examples|tools|docs|tests|crates|benchmarks)/[\w./-]+", page.read_text()
    )
    for name in names:
        assert (ROOT / name.rstrip("./")).exists(), name
