"""Two steps of an installer both write the status. Which of them is shown is chance."""

# race: unordered Installer.status

import threading


class Installer:
    def __init__(self):
        self.status = "idle"

    def download(self):
        self.status = "downloading"  # racing

    def unpack(self):
        self.status = "unpacking"  # racing


installer = Installer()
steps = [threading.Thread(target=step) for step in (installer.download, installer.unpack)]
for step in steps:
    step.start()
for step in steps:
    step.join()
print(installer.status.endswith("ing"))
print("end")
