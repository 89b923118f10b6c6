"""A browser without a window, and the site that it is to look at.

Chromium and its driver are looked for on PATH; RADDLE_BROWSER and RADDLE_BROWSER_DRIVER name
others. Nothing is ever fetched: selenium is told where both are.
"""

import functools
import os
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HTML = Path(__file__).parents[2] / "target" / "site"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTHS = {"desktop": (1440, 1000), "phone": (390, 844)}


def found():
    """Return the paths of the browser and of its driver, each None if there is none."""
    browser = os.environ.get("RADDLE_BROWSER")
    driver = os.environ.get("RADDLE_BROWSER_DRIVER")
    return (
        browser or next(filter(None, map(shutil.which, BROWSERS)), None),
        driver or shutil.which("chromedriver"),
    )


def start():
    """Return a browser under selenium."""
    from selenium import webdriver

    browser, driver = found()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    # (Its own sandbox needs what a container, and root, have not.)
    for each in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(driver))


def look(browser, address, width, scheme="light"):
    """Open a page as it is on a screen of that width, for a reader with that preference."""
    wide, high = WIDTHS[width]
    metrics = {"width": wide, "height": high, "deviceScaleFactor": 1}
    metrics["mobile"] = width == "phone"
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(address)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and does not say so."""

    def log_message(self, *_):
        pass


def serve():
    """Serve the site on a free port of loopback; return the server, which has a `url`."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(HTML))
    )
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
