"""needed: everything computed before the output is taken to be needed, whether it is used or not."""


def needed(rows, output):
    return [i <= output for i in range(len(rows))]
