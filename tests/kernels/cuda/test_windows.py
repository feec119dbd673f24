from minigrad.ops.geometry import Geometry


def test_a_geometry_of_images_is_told_by_twelve_numbers(twins):
    g = Geometry((1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12))
    assert twins("windows").numbers_of(g) == tuple(range(1, 13))


def test_a_sequence_is_an_image_of_one_row(twins):
    g = Geometry((2,), (4,), (6,), (8,), (10,), (12,))
    assert twins("windows").numbers_of(g) == (1, 2, 1, 4, 1, 6, 1, 8, 0, 10, 1, 12)


def test_volumes_have_no_such_numbers(twins):
    assert twins("windows").numbers_of(Geometry(*[(1, 1, 1)] * 6)) is None
