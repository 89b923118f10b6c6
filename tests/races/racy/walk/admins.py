"""It is asked whether any user is an admin while a user is added."""

# race: walk users in main()

import threading


def main():
    users = {"ann": "admin", "bob": "guest"}
    answers = []

    def ask():
        try:
            answers.append(any(role == "root" for role in users.values()))  # racing
        except RuntimeError:
            answers.append(False)

    def add(name):
        users.update({name: "guest"})  # racing

    asking = threading.Thread(target=ask)
    adding = threading.Thread(target=add, args=("eve",))
    asking.start()
    adding.start()
    asking.join()
    adding.join()
    print(answers)


main()
print("end")
