"""expiring-dict: walking the dict raises, since another thread adds an entry."""

import harm
from expiring_dict import ExpiringDict

for number in harm.rounds():
    sessions = ExpiringDict(ttl=60)

    def log_in(sessions=sessions):
        for each in range(2000):
            sessions[each] = each

    def look(sessions=sessions):
        for _ in range(200):
            list(sessions.items())

    raised = harm.together(log_in, look)
    if raised:
        harm.shown(number, f"items() raised {raised[0]!r}")
