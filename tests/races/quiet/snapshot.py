"""A dict and a list are copied under the lock, and the copies are walked without it."""

import threading


class Bus:
    def __init__(self):
        self.lock = threading.Lock()
        self.listeners = []
        self.counts = {}

    def listen(self, listener):
        with self.lock:
            self.listeners.append(listener)

    def publish(self, topic):
        with self.lock:
            listeners = list(self.listeners)
            self.counts[topic] = self.counts.get(topic, 0) + 1
        for listener in listeners:
            listener(topic)

    def report(self):
        with self.lock:
            counts = self.counts.copy()
        return [f"{topic} {count}" for topic, count in counts.items()]


bus, heard = Bus(), []
bus.listen(heard.append)
threads = [threading.Thread(target=bus.publish, args=(topic,)) for topic in ("a", "b", "a")]
threads += [threading.Thread(target=bus.listen, args=(len,))]
for thread in threads:
    thread.start()
bus.report()
for thread in threads:
    thread.join()
print(sorted(heard), sorted(bus.report()))
print("end")
