"""order: a node is written down before its parents, as in a plain depth-first walk."""


def order(parents, output):
    found, pending = [], [output]
    while pending:
        node = pending.pop()
        if node not in found:
            found.append(node)
            pending.extend(parents[node])
    return found
