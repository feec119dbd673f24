"""The page: self-contained, escaped, written whole; and, in a browser, right."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn, tensor, viz
from minigrad.errors import ArgumentError, GradientError
from minigrad.nn import functional as F
from minigrad.viz import page
from minigrad.viz.document import described
from minigrad.viz.reading import read

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--dump-dom"]  # fmt: skip
browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def leaf(*values, shape=None):
    return Tensor(np.array(values, dtype="float64").reshape((len(values),) if shape is None else shape), requires_grad=True)


def elementwise(x, y):
    """Use every elementwise op that the page knows, tensors that broadcast, and ties."""
    a = (x * y + 0.5 - x / 3).tanh() * x.exp() - (2 - y).sigmoid()
    b = x.maximum(y) * x.minimum(0.25) + abs(x) ** 1.5 + x.square().reciprocal() + y**2.5
    c = (x * x).sqrt().log() + x.sin() * y.cos() - (-x).relu() + (x - x).relu() + y / x + x.clone() + abs(y) ** y
    return (a + b * c).mean()


def shapes(x, w):
    """Use every op that the page knows and that moves, adds up or mixes elements."""
    y = F.linear(x, w, tensor([0.5, -1.0]).double()) @ x
    z = y.softmax(1).T * x.transpose(0, 1).reshape(3, 2).log_softmax(0)
    q = (x.broadcast_to(2, 2, 3).permute(1, 2, 0) * minigrad.arange(12).reshape(2, 3, 2).double()).square()
    r = x.amax(1, keepdim=True) - x.amin(0) + x.max() * x.min() + x.permute(1, 0).sum(0, keepdim=True).mean()
    return F.cross_entropy(x, tensor([2, -100])) + z.sum() + r.mean((0, 1)) + (x.broadcast_to(2, 2, 3) ** 2).sum() + q.sum()


GRAPHS = {
    "elementwise": (elementwise, [leaf(0.5, -1.5, 0.7), leaf(0.3, 0.9, 0.7)], [[0.25, -2.0, 0.1], [1.5, 0.25, 0.6]]),
    "shapes": (shapes, [leaf(1.0, 2, -1, 2, 0.5, 1, shape=(2, 3)), leaf(0.1, -0.2, 0.3, 0.4, 0.5, -0.6, shape=(2, 3))],
               [[0.5, 0.5, 1, -3, 2, 1], [1, 0, 0.5, 0.2, -0.3, 0.7]]),
}  # fmt: skip


def written(tmp_path, function, inputs, names=None):
    """Write the page of a function of inputs; return its path and the description of its graph."""
    with viz.recording():
        loss = function(*inputs)
    path = page(loss, tmp_path / "page.html", names)
    return path, described(read("page", loss, names))


def opened(path, address, tmp_path):
    """Return the DOM of a page after its scripts have obeyed the part of the address after #."""
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"{path.as_uri()}#{address}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def text_of(dom, name):
    """Return the text of the element with an id."""
    return html.unescape(re.sub(r"<[^>]*>", " ", re.search(rf'id="{name}"[^>]*>(.*?)</(?:h2|dl|pre|p|g|span)>', dom, re.DOTALL)[1]))


def dumped(dom):
    """Return all numbers of a page that was opened with dump."""
    found = json.loads(text_of(dom, "dump"))
    return {key: [None if x is None else np.array(x, dtype=float) for x in found[key]] for key in found}


def agree(found, described_graph):
    for key, name in (("values", "data"), ("grads", "grad")):
        for got, value in zip(found[key], described_graph["values"], strict=True):
            if value[name] is not None:
                np.testing.assert_allclose(got, np.array(value[name], dtype=float), rtol=1e-9, atol=1e-12, err_msg=value["op"])
    for got, arrow in zip(found["slopes"], described_graph["arrows"], strict=True):
        assert (got is None) == (arrow["slope"] is None) and (got is None or np.isclose(got, arrow["slope"]))


@browser
@pytest.mark.parametrize("name", GRAPHS)
def test_the_browser_computes_the_values_and_gradients_of_minigrad(name, tmp_path):
    function, inputs, _ = GRAPHS[name]
    path, graph = written(tmp_path, function, inputs)
    assert graph["why"] == "" and len(graph["values"]) > 30
    agree(dumped(opened(path, "compute&dump", tmp_path)), graph)


@browser
@pytest.mark.parametrize("name", GRAPHS)
def test_an_edited_input_gives_what_minigrad_gives_for_it(name, tmp_path):
    function, inputs, others = GRAPHS[name]
    path, graph = written(tmp_path, function, inputs, {"x": inputs[0], "w": inputs[1]})
    changed = [Tensor(np.array(o, dtype=float).reshape(x.shape), requires_grad=True) for o, x in zip(others, inputs, strict=True)]
    with viz.recording():
        expected = described(read("page", function(*changed)))
    numbers = [next(i for i, v in enumerate(graph["values"]) if v["title"] == title) for title in ("x", "w")]
    edits = "&".join(f"edit={i}:{','.join(map(str, o))}" for i, o in zip(numbers, others, strict=True))
    found = dumped(opened(path, f"{edits}&dump", tmp_path))
    for i in (*numbers, -1):
        np.testing.assert_allclose(found["values"][i], np.array(expected["values"][i]["data"], dtype=float))
        np.testing.assert_allclose(found["grads"][i], np.array(expected["values"][i]["grad"], dtype=float), rtol=1e-9)


@browser
def test_a_model_in_single_precision_is_recomputed_too(tmp_path):
    minigrad.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    path, graph = written(tmp_path, lambda x: F.cross_entropy(model(x), tensor([0, 1, 1])), [minigrad.randn(3, 3)], model)
    found = dumped(opened(path, "compute&dump", tmp_path))
    for got, value in zip(found["grads"], graph["values"], strict=True):
        if value["grad"] is not None:
            np.testing.assert_allclose(got, np.array(value["grad"], dtype=float), atol=1e-6)


@browser
def test_a_step_shows_its_op_its_numbers_its_rule_and_its_line(tmp_path):
    x, w = leaf(2.0, shape=()), leaf(-3.0, shape=())
    path, graph = written(tmp_path, lambda x, w: (x * w).exp() * x, [x, w], {"x": x, "w": w})
    dom = opened(path, "step=1", tmp_path)
    assert text_of(dom, "heading") == "Forward: mul" and "z = x y" in text_of(dom, "facts")
    assert "test_document.py:" in text_of(dom, "facts") and "(x * w).exp() * x" in text_of(dom, "facts")
    assert "ahead" in re.search(r'id="value3" class="([^"]*)"', dom)[1] and "-6" in text_of(dom, "value2")
    last = len(graph["steps"]) - 1
    dom = opened(path, f"step={last - 1}", tmp_path)
    assert text_of(dom, "heading") == "Backward: mul → x" and "dx = dz · y" in text_of(dom, "facts")
    assert f"step {last - 1} of {last}" in dom and "so far, 2 of 2 arrows" in text_of(dom, "facts")
    assert float(text_of(dom, "value0").split("∂")[1]) == pytest.approx(np.exp(-6.0) * (1 - 6), rel=1e-3)
    assert "∂" not in text_of(dom, "value1")


@browser
def test_keys_and_buttons_step_and_stop_at_the_ends(tmp_path):
    x = leaf(2.0, 1.0)
    path, _ = written(tmp_path, lambda x: (x * x).sum(), [x])
    keys = "press=ArrowLeft&press=ArrowRight&press=ArrowRight&click=next&click=back"
    dom = opened(path, keys, tmp_path)
    assert text_of(dom, "count") == "step 2 of 6" and text_of(dom, "heading") == "Forward: loss = sum"
    dom = opened(path, "press=End&press=ArrowRight&click=first&click=last", tmp_path)
    assert text_of(dom, "count") == "step 6 of 6" and text_of(dom, "heading") == "Backward: mul → leaf"
    assert re.search(r'id="next"[^>]*disabled', dom) and not re.search(r'id="back"[^>]*disabled', dom)


@browser
def test_reset_brings_the_recorded_numbers_back_and_a_wrong_field_is_marked(tmp_path):
    x = leaf(2.0, 1.0)
    path, graph = written(tmp_path, lambda x: (x * x).sum(), [x])
    dom = opened(path, "edit=0:5,6&edit=0:7&click=again&dump", tmp_path)
    agree(dumped(dom), graph)
    assert '" aria-invalid="true"' not in dom
    assert '" aria-invalid="true"' in opened(path, "edit=0:7", tmp_path)


@browser
def test_an_edit_that_does_not_fit_changes_nothing_and_a_graph_that_cannot_be_edited_says_why(tmp_path):
    x = leaf(2.0, 1.0)
    path, _ = written(tmp_path, lambda x: x.exp().sum(), [x])
    assert dumped(opened(path, "edit=0:1&edit=0:1,2,3&edit=0:one,2&edit=0:&dump", tmp_path))["values"][0].tolist() == [2.0, 1.0]
    path, _ = written(tmp_path, lambda x: x.cumsum(0).sum(), [x])
    dom = opened(path, "edit=0:5,5&compute&dump", tmp_path)
    assert dumped(dom)["values"][0].tolist() == [2.0, 1.0]
    assert text_of(dom, "why").startswith("This graph can only be stepped through: the page does not know how to compute this cumsum")


def test_the_page_needs_nothing_but_itself(tmp_path):
    path, _ = written(tmp_path, elementwise, GRAPHS["elementwise"][1])
    text = path.read_text()
    assert "default-src 'none'" in text and not re.search(r"(src|href)\s*=|@import|url\((?!#)|fetch\(", text)
    assert not set(re.findall(r"https?://[^\"'\s]+", text)) - {"http://www.w3.org/2000/svg"}
    assert "{{" not in text.replace("{{style}}", "") and str(tmp_path) not in text


def test_names_and_lines_cannot_break_out_of_the_page(tmp_path):
    x = leaf(2.0, 1.0)
    name = "</script><img onerror=alert(1)> {{style}} & \u2028"
    path, _ = written(tmp_path, lambda x: x.exp().sum(), [x], {name: x})
    text = path.read_text()
    assert "<img" not in text and text.count("</script>") == 2 and text.count("body { margin") == 1


def test_infinities_and_nan_are_told_to_the_page(tmp_path):
    _, graph = written(tmp_path, lambda x: x.log().sum(), [leaf(0.0, -1.0, 1.0)])
    assert graph["values"][1]["data"] == ["-Infinity", "NaN", 0.0] and graph["values"][0]["grad"][0] == "Infinity"


def test_large_values_are_told_as_their_range(tmp_path):
    x = Tensor(np.linspace(0, 1, 1000), requires_grad=True)
    _, graph = written(tmp_path, lambda x: x.square().sum(), [x])
    assert graph["values"][0]["data"] is None and graph["values"][0]["summary"] == "0 to 1" and graph["values"][0]["gradSummary"] == "0 to 2"


def test_steps_go_forward_in_order_and_backward_along_every_arrow_once(tmp_path):
    x = leaf(2.0, 1.0)
    _, graph = written(tmp_path, lambda x: (x.exp() * x * 2).sum(), [x])
    phases = [step["phase"] for step in graph["steps"]]
    assert phases == ["start", *["forward"] * 4, "seed", *["back"] * 5]
    back = [graph["arrows"][step["arrow"]] for step in graph["steps"] if step["phase"] == "back"]
    assert [arrow["target"] for arrow in back] == sorted((arrow["target"] for arrow in back), reverse=True)


def test_errors_name_the_page_and_leave_no_file(tmp_path):
    x = leaf(2.0, 1.0)
    with pytest.raises(GradientError, match="page: the loss has shape"):
        page(x.exp(), tmp_path / "a.html")
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        page(x.exp().sum(), tmp_path / "nowhere" / "a.html")
    with pytest.raises(ArgumentError, match="is a folder, pipe or device"):
        page(x.exp().sum(), tmp_path)
    assert list(tmp_path.iterdir()) == []
