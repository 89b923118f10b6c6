"""A pool of resources that are opened when they are taken."""

import drive
from queuepool.pool import Pool, ResourceManager

PACKAGE = "queuepool"


class Connection(ResourceManager):
    def open(self):
        self.resource = object()
        super().open()


pool = Pool(name="test", capacity=3, maxUsageCount=10)
for number in range(3):
    pool.put(Connection(str(number)))


def work():
    for _ in range(50):
        with pool.take() as connection:
            assert connection.resource is not None


drive.together(work, work, work, pool.recycle)
