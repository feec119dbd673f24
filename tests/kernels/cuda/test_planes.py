import pytest


@pytest.mark.parametrize("length", [1, 49, 128, 129, 512, 513, 2049, 4096, 4097, 5000, 12289, 512 * 512])
def test_pieces_cover_a_plane_and_fit_their_team(twins, length):
    cut = twins("planes").pieces_of(6, 3, length)
    threads, items = cut.team
    assert (cut.pieces - 1) * cut.each < length <= cut.pieces * cut.each
    assert cut.each <= threads * items
    assert cut.pieces == -(-length // 4096)


@pytest.mark.parametrize(("planes", "length", "blocks"), [(1, 10, 1), (8, 10, 1), (9, 10, 2), (3, 1000, 3), (3, 5000, 6)])
def test_a_block_has_eight_small_pieces_or_a_large_one(twins, planes, length, blocks):
    assert twins("planes").pieces_of(planes, 1, length).grid == (blocks,)
