"""Objects changed by tasks are changed again after result(), done(), wait() and others."""

from concurrent.futures import ThreadPoolExecutor, as_completed, wait


class Page:
    def __init__(self, url):
        self.url = url
        self.length = None


def fetch(page):
    page.length = len(page.url)
    return page


urls = ["/", "/about", "/help"]
with ThreadPoolExecutor(3) as pool:
    pages = [Page(url) for url in urls]
    futures = [pool.submit(fetch, page) for page in pages]
    futures[0].result()
    pages[0].length += 1
    while not futures[1].done():
        pass
    pages[1].length += 1
    wait(futures)
    pages[2].length += 1
    print([page.length for page in pages])

    for future in as_completed([pool.submit(fetch, page) for page in pages]):
        future.result().length += 1
    print([page.length for page in pages])

    for page in pool.map(fetch, pages):
        page.length += 2
print([page.length for page in pages])
print("end")
