"""A property computes its value at the first use and keeps it, in an attribute made in time."""

# race: check Circle._area
# also: unordered Circle._area

import threading


class Circle:
    _area = None

    def __init__(self, radius):
        self.radius = radius

    @property
    def area(self):
        if self._area is None:  # racing
            self._area = 3 * self.radius**2  # racing
        return self._area  # racing


circle, areas = Circle(2), []
threads = [threading.Thread(target=lambda: areas.append(circle.area)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(areas)
print("end")
