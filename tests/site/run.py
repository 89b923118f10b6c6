"""Look at the docs site in a browser, or say that there is none: for `make docs-site`."""

import subprocess
import sys
from pathlib import Path

import browser

HERE = Path(__file__).parent


def main():
    names = ("Chromium", "chromedriver")
    missing = [name for name, path in zip(names, browser.found(), strict=True) if not path]
    if missing:
        print(
            f"The site was NOT looked at in a browser: there is no {' and no '.join(missing)}."
        )
        return 0
    # (Without the conftest of raddle's own tests, which is about threads.)
    options = ["--noconftest", "-p", "no:cacheprovider", "-p", "no:raddle", "-q"]
    command = [sys.executable, "-m", "pytest", *options, str(HERE / "look.py"), *sys.argv[1:]]
    return subprocess.run(command, cwd=HERE).returncode


if __name__ == "__main__":
    sys.exit(main())
