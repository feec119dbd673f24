"""What the simulator raises."""


class SimError(RuntimeError):
    """Whatever a GPU refuses or gets wrong in silence."""


class BuildError(RuntimeError):
    """A text does not compile. Not a SimError: a bug that does not compile was not caught by a test."""
