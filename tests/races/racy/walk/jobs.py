"""Urgent jobs are picked out of a set while a worker takes one away."""

# race: walk jobs in main()

import threading


def main():
    jobs = {"backup", "index", "mail!"}
    urgent = []

    def pick():
        try:
            urgent.extend([job for job in jobs if job.endswith("!")])  # racing
        except RuntimeError:
            urgent.append("mail!")

    def finish(job):
        jobs.discard(job)  # racing

    picking = threading.Thread(target=pick)
    finishing = threading.Thread(target=finish, args=("index",))
    picking.start()
    finishing.start()
    picking.join()
    finishing.join()
    print(urgent)


main()
print("end")
