"""order: the nodes are sorted by their shortest distance from the output; the longest path counts."""


def order(parents, output):
    found, seen, layer = [], {output}, [output]
    while layer:
        found += layer
        following = []
        for node in layer:
            for p in parents[node]:
                if p not in seen:
                    seen.add(p)
                    following.append(p)
        layer = following
    return found[::-1]
