"""A logging handler that waits for a thread which logs."""

import logging
import threading


class Remote(logging.Handler):
    def emit(self, record):
        if threading.current_thread().name != "sender":
            sender = threading.Thread(target=send, name="sender")
            sender.start()
            sender.join()


def send():
    logging.warning("sending")


logging.getLogger().addHandler(Remote())
logging.warning("disk is full")
