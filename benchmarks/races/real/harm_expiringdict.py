"""expiringdict: listing the entries raises, since another thread adds one."""

import harm
from expiringdict import ExpiringDict

for number in harm.rounds():
    cache = ExpiringDict(max_len=1000, max_age_seconds=60)

    def fill(cache=cache):
        for each in range(2000):
            cache[each] = each

    def look(cache=cache):
        for _ in range(200):
            cache.items()

    raised = harm.together(fill, look)
    if raised:
        harm.shown(number, f"items() raised {raised[0]!r}")
