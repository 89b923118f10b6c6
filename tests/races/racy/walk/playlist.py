"""The player walks its playlist by number while the user puts a song in front."""

# race: walk playlist in playlist.py

import threading

playlist = ["blues", "waltz"]
played = []


def play():
    for number, song in enumerate(playlist, 1):  # racing
        played.append((number, song))


def put_first(song):
    playlist.insert(0, song)  # racing


threads = [threading.Thread(target=play), threading.Thread(target=put_first, args=("tango",))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(played) >= 2)
print("end")
