from minigrad import nn
from minigrad.models import CNN


def test_a_summary_counts_parameters_and_arithmetic():
    table = nn.summary(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2, bias=False)), (5, 3))
    assert [row.shape for row in table.rows] == [(5, 4), (5, 4), (5, 2)]
    assert [row.parameters for row in table.rows] == [16, 0, 8]
    assert [row.flops for row in table.rows] == [2 * 5 * 3 * 4 + 20, 20, 2 * 5 * 4 * 2]
    assert table.parameters == table.trainable == 24


def test_convolutions_count_their_taps_and_the_model_is_left_as_it_was():
    model = CNN()
    table = nn.summary(model, (1, 1, 28, 28))
    conv1 = next(row for row in table.rows if row.name == "conv1")
    assert conv1.flops == 2 * 32 * 28 * 28 * 9 + 32 * 28 * 28
    assert model.training and model._hooks is None and table.parameters == 421642
    assert "421,642 parameters" in str(table) and "conv1" in str(table)
