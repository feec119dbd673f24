"""order: it is right and recursive, so a deep graph exhausts the stack."""


def order(parents, output):
    found = []
    seen = set()

    def visit(node):
        if node in seen:
            return
        seen.add(node)
        for p in reversed(parents[node]):
            visit(p)
        found.append(node)

    visit(output)
    return found
