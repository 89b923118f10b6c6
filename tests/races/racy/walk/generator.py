"""A generator goes through a tree's leaves; a thread consumes it while another adds a leaf."""

# race: walk Tree.leaves

import threading


class Tree:
    def __init__(self, *leaves):
        self.leaves = list(leaves)

    def walk(self):
        for leaf in self.leaves:  # racing
            yield leaf.upper()

    def grow(self, leaf):
        self.leaves.append(leaf)  # racing


def collect(leaves, out):
    for leaf in leaves:
        out.append(leaf)


tree, out = Tree("oak", "elm"), []
collecting = threading.Thread(target=collect, args=(tree.walk(), out))
growing = threading.Thread(target=tree.grow, args=("ash",))
growing.start()
collecting.start()
growing.join()
collecting.join()
print(out[:2])
print("end")
