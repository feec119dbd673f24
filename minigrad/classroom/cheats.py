"""Ways to get points without the work, as functions to put into a submission: the self-test tries each of them.

Every one gets 0 for its function, leaves the others their points, and the grader goes on. Most begin where all such
tricks begin: from `object` to the classes that the interpreter has loaded, and to the globals of the module `os`.
"""

from __future__ import annotations

from pathlib import Path

SYSTEM = 'next(c for c in object.__subclasses__() if c.__name__ == "_wrap_close").__init__.__globals__'

BODIES = {
    "patches the asserts": """
    import numpy.testing
    np.testing.assert_allclose = np.testing.assert_array_equal = np.allclose = np.array_equal = lambda *a, **k: True
    return np.zeros(3)""",
    "ends the process": "    SYSTEM['_exit'](0)",
    "exits": "    raise SystemExit(0)",
    "never returns": """
    while True:
        pass""",
    "forks without end": """
    while True:
        SYSTEM['fork']()""",
    "starts threads without end": """
    thread = SYSTEM['sys'].modules['_thread']
    while True:
        thread.start_new_thread(lambda: [x for x in iter(int, 1)], ())""",
    "returns 8 GB": "    return np.broadcast_to(np.zeros(1), (1 << 30,))",
    "asks for 1 TB": "    return np.ones(1 << 37)",
    "returns a string": '    return "all tests passed"',
    "returns equal to everything": """
    class Equal:
        def __eq__(self, other):
            return True

        def __array__(self, *a, **k):
            return np.zeros(3)

    return Equal()""",
    "returns a subclass that lies": """
    class Equal(np.ndarray):
        def __eq__(self, other):
            return True

        def __sub__(self, other):
            return np.zeros(self.shape)

    return np.zeros(3).view(Equal)""",
    "returns objects": "    return np.array([object(), None], dtype=object)",
    "writes 2 stray bytes and waits": """
    for descriptor in range(3, 64):
        try:
            SYSTEM['write'](descriptor, b'ab')
        except OSError:
            pass
    while True:
        pass""",
    "forges a reply of great length": """
    for descriptor in range(3, 64):
        try:
            SYSTEM['write'](descriptor, b'\\xff' * 8 + b'PK' * 1000)
        except OSError:
            pass
    return np.zeros(3)""",
    "overwrites the results": """
    files = SYSTEM['sys'].modules['io']
    for name in ("results.json", "/autograder/results/results.json", RESULTS):
        try:
            files.open(name, "w").write('{"score": 100}')
        except BaseException:
            pass
    return np.zeros(3)""",
    "runs the solution": """
    scope = {}
    text = SYSTEM['sys'].modules['io'].open(SOLUTION).read()
    SYSTEM['sys'].modules['builtins'].exec(text, scope)
    return scope[FUNCTION](*arguments)""",
    "reads the grader's environment": """
    path = "/proc/%d/environ" % SYSTEM['getppid']()
    return np.frombuffer(SYSTEM['sys'].modules['io'].open(path, "rb").read(), np.uint8)""",
    "calls torch": """
    import torch
    return torch.autograd.grad(*arguments)""",
    "calls minigrad": """
    from minigrad.nn import functional as F
    return F.relu(*arguments).numpy()""",
    "calls itself without end": "    return FUNCTION_NAME(*arguments)",
    "raises an error that cannot be shown": """
    class Silent(Exception):
        def __str__(self):
            raise ValueError

    raise Silent""",
}


def source(name: str, function: str, solution: Path, results: Path) -> str:
    """Return the text of a file that defines `function` as the cheat of this name."""
    body = BODIES[name].lstrip("\n").replace("SYSTEM", SYSTEM).replace("SOLUTION", repr(str(solution)))
    body = body.replace("RESULTS", repr(str(results))).replace("FUNCTION_NAME", function)
    body = body.replace("FUNCTION", repr(function))
    return f"import numpy as np\n\n\ndef {function}(*arguments):\n{body}\n"
