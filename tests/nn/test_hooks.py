from minigrad.nn.hooks import HookTable


class Doubler:
    def forward(self, x, scale=2):
        return scale * x


def test_hooks_run_in_the_order_in_which_they_were_added_and_pass_keywords_on():
    table, order = HookTable(), []
    table.add_before(lambda m, a: order.append(1))
    table.add_before(lambda m, a: a[0] + 1)
    table.add_after(lambda m, a, y: order.append(y))
    assert table.run(Doubler(), (3,), {"scale": 10}) == 40 and order == [1, 40]


def test_a_handle_may_be_used_twice():
    table = HookTable()
    handle = table.add_before(lambda m, a: 100)
    handle.remove()
    handle.remove()
    assert table.run(Doubler(), (3,), {}) == 6
