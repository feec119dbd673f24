"""needed: only the inputs of the output itself are marked, not what these depend on in turn."""


def needed(rows, output):
    wanted = [False] * len(rows)
    wanted[output] = True
    for j in rows[output][1]:
        wanted[j] = True
    return wanted
