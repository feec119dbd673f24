"""order: a node is written down before its parents, as in a plain depth-first walk."""


def order(parents, output):
    found, seen, pending = [], set(), [output]
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            found.append(node)
            pending.extend(parents[node])
    return found
