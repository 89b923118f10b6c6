"""A container with singletons, asked for them by several threads."""

import drive
import lagom

PACKAGE = "lagom"


class Settings:
    def __init__(self):
        self.name = "test"


class Database:
    def __init__(self, settings: Settings):
        self.settings = settings


container = lagom.Container()
container[Settings] = lagom.Singleton(Settings)
container[Database] = lagom.Singleton(Database)
found = []


def resolve():
    for _ in range(50):
        found.append(container[Database])


drive.together(resolve, resolve, resolve)
assert len(set(map(id, found))) == 1
