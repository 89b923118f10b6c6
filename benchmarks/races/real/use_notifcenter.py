"""The one notification centre of a program, first asked for by several threads."""

import contextlib
import enum

import drive
from notificationcenter import NotificationCenter

PACKAGE = "notificationcenter"


class News(enum.Enum):
    PRICE = "price"


class Listener:
    def __init__(self):
        self.heard = []

    def hear(self, news):
        self.heard.append(news)


def listen():
    listener = Listener()
    NotificationCenter().add_observer(listener, listener.hear, News.PRICE)
    for number in range(20):
        NotificationCenter().post_notification(News.PRICE, None, {"price": number})
    NotificationCenter().remove_observer(listener, News.PRICE)


def tolerant():
    # (Of a centre that is half made.)
    with contextlib.suppress(AttributeError, KeyError):
        listen()


drive.together(tolerant, tolerant, tolerant)
