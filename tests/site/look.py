"""The docs site in a real browser, on a desktop and on a phone: run.py runs this."""

import re
import urllib.error
import urllib.request
from urllib.parse import unquote, urldefrag

import browser as browsers
import pytest
from selenium.webdriver.support.ui import WebDriverWait

SMALLEST = 11.0  # px, of a picture's text
PATIENCE = 30  # seconds until a search counts as failed
PAGES = sorted(str(file.relative_to(browsers.HTML)) for file in browsers.HTML.rglob("*.html"))
READ = [page for page in PAGES if page not in ("genindex.html", "search.html")]
EACH = pytest.mark.parametrize("page", PAGES)
WIDTH = pytest.mark.parametrize("width", browsers.WIDTHS)


@pytest.fixture(scope="session")
def site():
    server = browsers.serve()
    yield server.url
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    started = browsers.start()
    yield started
    started.quit()


def test_the_site_has_every_page_of_docs_and_the_reference():
    docs = browsers.HTML.parents[1] / "docs"
    expected = {f"{page.stem}.html" for page in docs.glob("*.md")}
    expected |= {f"reference/{page.stem}.html" for page in docs.glob("site/reference/*.md")}
    assert expected | {"index.html"} <= {*PAGES}


# What reaches beyond the screen, but for what can be moved in a box of its own.
BEYOND = """
const own = element => ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
const moves = element => element.tagName != "ARTICLE" && (
    own(element) || moves(element.parentElement));
return Array.from(document.querySelectorAll("article *"))
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1 && !moves(each))
    .map(each => each.outerHTML.slice(0, 100))
"""


@WIDTH
@EACH
def test_the_console_has_no_error_and_nothing_is_wider_than_the_screen(
    browser, site, page, width
):
    browser.get_log("browser")
    browsers.look(browser, f"{site}/{page}", width)
    told = [each["message"] for each in browser.get_log("browser")]
    assert told == []
    shown, room = browser.execute_script(
        "return [document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert room == browsers.WIDTHS[width][0]
    assert shown <= room
    assert browser.execute_script(BEYOND) == []


LINKS = "return Array.from(document.querySelectorAll('a[href]'), link => link.href)"
PLACES = "return Array.from(document.querySelectorAll('[id], a[name]'), x => x.id || x.name)"


def test_no_link_within_the_site_is_broken(browser, site):
    places, links = {}, {}
    for page in PAGES:
        browsers.look(browser, f"{site}/{page}", "desktop")
        places[page] = {*browser.execute_script(PLACES)}
        for link in browser.execute_script(LINKS):
            if link.startswith(site):
                links.setdefault(link.removeprefix(site + "/"), page)
    broken = []
    for link, page in links.items():
        target, place = urldefrag(link)
        target = unquote(target) or "index.html"
        if target in places:
            known = not place or unquote(place) in places[target]
        else:
            known = exists(f"{site}/{target}")
        if not known:
            broken.append(f"{page}: {link}")
    assert len(links) > 100
    assert broken == []


def exists(address):
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status == 200
    except urllib.error.HTTPError:
        return False


PICTURES = """
return Array.from(document.querySelectorAll("article img[src$='.svg']"), image => ({
    source: image.src, width: image.getBoundingClientRect().width,
    loaded: image.complete && image.naturalWidth > 0}))
"""


@WIDTH
def test_the_text_of_pictures_is_legible(browser, site, width):
    seen = 0
    for page in READ:
        browsers.look(browser, f"{site}/{page}", width)
        for picture in browser.execute_script(PICTURES):
            assert picture["loaded"], (page, picture)
            with urllib.request.urlopen(picture["source"]) as answer:
                drawing = answer.read().decode()
            wide = float(re.search(r'viewBox="0 0 ([\d.]+)', drawing)[1])
            sizes = map(float, re.findall(r"font(?:-size)?: *([\d.]+)px", drawing))
            assert min(sizes) * picture["width"] / wide >= SMALLEST, (page, picture)
            seen += 1
    assert seen >= 5


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("deadlock", "hangs.html"),
        ("Semaphore", "reference/threading.html"),
        ("shutdown", "reference/queue.html"),
        ("on_deadlock", "reference/raddle.html"),
        ("gevent", "guide.html"),
    ],
)
def test_search_finds(browser, site, words, page):
    browsers.look(browser, f"{site}/search.html?q={words}", "desktop")

    def listed(browser):
        found = browser.execute_script(
            "return Array.from(document.querySelectorAll('#search-results li a'), a => a.href)"
        )
        return any(urldefrag(each)[0].split("?")[0] == f"{site}/{page}" for each in found)

    WebDriverWait(browser, PATIENCE).until(listed)


COLOURS = """
const style = name => getComputedStyle(document.querySelector(name));
return [style("article p").color, style("body").backgroundColor]
"""


def brightness(colour):
    """Return the relative luminance of a colour as browsers write it (as WCAG has it)."""
    parts = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_there_is_a_light_and_a_dark_side_and_both_can_be_read(browser, site):
    papers = {}
    for scheme in ("light", "dark"):
        browsers.look(browser, f"{site}/index.html", "desktop", scheme)
        text, paper = map(brightness, browser.execute_script(COLOURS))
        high, low = max(text, paper), min(text, paper)
        assert (high + 0.05) / (low + 0.05) >= 7
        papers[scheme] = paper
    assert papers["light"] > 0.8
    assert papers["dark"] < 0.1
