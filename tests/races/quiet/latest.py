"""A camera fills a frame without a lock and hands it over under one; the viewer changes it."""

import threading


class Frame:
    def __init__(self):
        self.pixels = []
        self.shown = False


class Camera:
    def __init__(self):
        self.lock = threading.Lock()
        self.latest = None

    def record(self):
        for number in range(3):
            frame = Frame()
            frame.pixels = [number] * 4
            with self.lock:
                self.latest = frame

    def take(self):
        with self.lock:
            frame, self.latest = self.latest, None
        return frame


def view(camera, recording):
    while True:
        ended = recording.wait(0)
        frame = camera.take()
        if frame is not None:
            frame.shown = True
            frame.pixels.append(9)
        if ended:
            return


camera, recording = Camera(), threading.Event()
viewer = threading.Thread(target=view, args=(camera, recording))
viewer.start()
camera.record()
recording.set()
viewer.join()
print(camera.latest)
print("end")
