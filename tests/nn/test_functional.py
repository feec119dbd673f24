from minigrad import ops
from minigrad.nn import functional


def test_every_function_is_the_op_of_its_name():
    assert functional.__all__ == sorted(functional.__all__)
    assert all(getattr(functional, name) is getattr(ops, name) for name in functional.__all__)
