"""notifcenter: what was registered at the one notification centre is forgotten."""

import enum

import harm
from notificationcenter import NotificationCenter


class News(enum.Enum):
    PRICE = "price"


class Listener:
    def __init__(self):
        self.heard = []
        NotificationCenter().add_observer(self, self.heard.append, News.PRICE)


for number in harm.rounds():
    listeners = []

    def listen(listeners=listeners):
        listeners.append(Listener())

    raised = harm.together(listen, listen, listen)
    NotificationCenter().post_notification(News.PRICE, None, {"price": 1})
    NotificationCenter().destroy()
    if raised:
        harm.shown(number, f"add_observer raised {raised[0]!r}")
    if not all(listener.heard for listener in listeners):
        harm.shown(number, "an observer that was added heard nothing")
