"""Sessions are listed while another is opened. The listing can fail as the dict grows."""

# race: walk sessions in sessions.py

import contextlib
import threading

sessions = {"s1": "ann", "s2": "bob"}
report = []


def open_session(key, user):
    sessions[key] = user  # racing


def list_sessions():
    with contextlib.suppress(RuntimeError):
        for key, user in sessions.items():  # racing
            report.append(f"{key}: {user}")


opening = threading.Thread(target=open_session, args=("s3", "eve"))
listing = threading.Thread(target=list_sessions)
listing.start()
opening.start()
listing.join()
opening.join()
print(len(report) >= 1)
print("end")
