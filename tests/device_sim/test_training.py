"""Networks train on the GPU as on the CPU, write the same texts, and wait for it no more often than the Trainer asks."""

import numpy as np
import pytest

import minigrad
from minigrad import optim
from minigrad.data import DataLoader, TensorDataset
from minigrad.models import BERT, CNN, GPT, MLP, T5, CharRNN, LeNet, ResNet, Seq2Seq, ViT
from minigrad.models.beam_search import beam_search
from minigrad.nn import functional as F
from minigrad.train import ConfusionMatrix, Trainer, accuracy, mean_absolute_error, top_k_accuracy
from tests.cusim.simcupy import LEDGER
from tests.device_sim.both import assert_same, moved, tensors

RNG = np.random.default_rng(0)
PICTURES = RNG.normal(size=(4, 1, 28, 28)), RNG.integers(0, 10, 4)
TOKENS = RNG.integers(0, 11, (3, 8))
LENGTHS = [8, 5, 6]


def scores(y, target):
    return F.cross_entropy(y.flatten(0, -2) if y.ndim > 2 else y, target.flatten())


MODELS = {
    "mlp": (lambda: MLP(784), [PICTURES[0]], scores, PICTURES[1]),
    "lenet": (LeNet, [PICTURES[0]], scores, PICTURES[1]),
    "cnn": (CNN, [PICTURES[0]], scores, PICTURES[1]),
    "resnet": (lambda: ResNet(8, 1), [PICTURES[0][:2, :, :12, :12]], scores, PICTURES[1][:2]),
    "vit": (lambda: ViT(1, 28, 10, 7, 1, 2, 8), [PICTURES[0]], scores, PICTURES[1]),
    "gpt": (lambda: GPT(11, 8, 2, 2, 8, dropout=0.2), [TOKENS], scores, TOKENS),
    "lstm": (lambda: CharRNN(11, "lstm", 6, 2, dropout=0.2), [TOKENS], lambda y, t: scores(y[0], t), TOKENS),
    "gru": (lambda: CharRNN(11, "gru", 6), [TOKENS], lambda y, t: scores(y[0], t), TOKENS),
    "bert": (lambda: BERT(11, 8, 1, 2, 8, 16), [TOKENS], lambda y, t: y[0].square().mean(), TOKENS),
    "seq2seq": (lambda: Seq2Seq(11, 11, 6), [TOKENS, TOKENS, LENGTHS], lambda y, t: scores(y[0], t), TOKENS),
    "t5": (lambda: T5(11, layers=1, heads=2, width=8, head_width=4, hidden=16), [TOKENS, TOKENS], scores, TOKENS),
}


def built(name):
    minigrad.manual_seed(1)
    return MODELS[name][0]().double()


def trained(name, device, steps=3):
    """Return the losses of a few steps of training, then the parameters."""
    _, inputs, loss_of, target = MODELS[name]
    model, inputs, target = built(name).to(device), moved(inputs, device), moved(target, device)
    optimizer, losses = optim.AdamW(model.parameters(), lr=0.01), []
    minigrad.manual_seed(2)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model(*inputs), target)
        loss.backward()
        optim.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.detach())
    return losses + [p.detach() for p in model.parameters()]


@pytest.mark.parametrize("name", MODELS)
def test_a_network_trains_on_cuda_as_on_the_cpu(name, cuda):
    on_cpu = trained(name, "cpu")
    with LEDGER.counting():
        on_cuda = trained(name, "cuda")
        assert not LEDGER.waits
    assert_same(on_cpu, on_cuda, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["gpt", "lstm"])
@pytest.mark.parametrize("how", [{"temperature": 0.0}, {"temperature": 0.8, "top_k": 5, "top_p": 0.9}, {"stop": 3}], ids=str)
def test_a_model_writes_the_same_text_on_both_devices(name, how, cuda):
    texts = {}
    for device in ("cpu", "cuda"):
        model = built(name).to(device)
        texts[device] = model.generate(moved(TOKENS[:, :3], device), 6, generator=minigrad.Generator(4), **how)
    assert_same([texts["cpu"]], [texts["cuda"]])


def test_sequences_are_translated_and_searched_on_cuda(cuda):
    found = {}
    for device in ("cpu", "cuda"):
        translator, t5, gpt = (built(name).to(device).eval() for name in ("seq2seq", "t5", "gpt"))
        written, maps = translator.translate(moved(TOKENS, device), 5, LENGTHS)
        best = beam_search(gpt.cached_logits(), moved(TOKENS[:1, :3], device), 4, beams=3)
        found[device] = [written, maps, t5.generate(moved(TOKENS, device), 5, stop=2)], best
    assert_same(found["cpu"][0], found["cuda"][0])
    assert [h.tokens for h in found["cpu"][1]] == [h.tokens for h in found["cuda"][1]]


def loader():
    x, y = minigrad.tensor(PICTURES[0]), minigrad.tensor(PICTURES[1])
    return DataLoader(TensorDataset(x, y), batch_size=2, shuffle=True)


def fitted(device, epochs=2):
    minigrad.manual_seed(5)
    model = LeNet().double().to(device)
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    metrics = {"accuracy": accuracy, "top 3": top_k_accuracy(3)}
    trainer = Trainer(model, optimizer, F.cross_entropy, metrics=metrics)
    return trainer, trainer.fit(loader(), epochs, validation=loader())


def test_the_trainer_moves_batches_and_measures_on_cuda(cuda):
    (_, here), (trainer, there) = fitted("cpu"), fitted("cuda")
    assert all(p.device == "cuda" for p in trainer.model.parameters())
    for row, other in zip(here, there, strict=True):
        assert row == pytest.approx(other)


def test_a_step_of_the_trainer_waits_once_for_the_loss(cuda):
    trainer, _ = fitted("cuda", epochs=1)
    x, y = trainer.placed((minigrad.tensor(PICTURES[0]), minigrad.tensor(PICTURES[1])))
    with LEDGER.counting():
        trainer.step(x, y)
        assert LEDGER.waits == {"get": 1, "bool": 1}  # the loss, and whether the classes were in range


def test_a_run_that_was_begun_on_cuda_goes_on_on_the_cpu(tmp_path, cuda):
    trainer, _ = fitted("cuda", epochs=1)
    minigrad.save(trainer.state_dict(), tmp_path / "run.safetensors")
    here, _ = fitted("cpu", epochs=1)
    here.load_state_dict(minigrad.load(tmp_path / "run.safetensors"))
    history = here.fit(loader(), 2)
    assert len(history) == 2 and all(p.device == "cpu" for p in here.model.parameters())


def test_metrics_are_measured_where_the_scores_are(cuda):
    output, target = RNG.normal(size=(6, 4)), RNG.integers(0, 4, 6)
    for device in ("cpu", "cuda"):
        matrix = ConfusionMatrix(4)
        matrix.update(moved(output, device), moved(target, device))
        assert matrix.accuracy() == accuracy(moved(output, device), moved(target, device))
        assert mean_absolute_error(moved(output, device), moved(output + 2, device)) == pytest.approx(2)
    with pytest.raises(minigrad.errors.DeviceError, match="accuracy: output is on cuda but target on cpu"):
        accuracy(moved(output, "cuda"), moved(target, "cpu"))


def test_batches_of_a_loader_move_to_cuda(cuda):
    for x, y in loader():
        x, y = x.to("cuda"), y.cuda()
        assert (x.device, y.device) == ("cuda", "cuda") and x.cpu().shape == (2, 1, 28, 28)


def test_a_checkpointed_part_drops_the_same_values_when_it_is_computed_again(cuda):
    found = {}
    for device in ("cpu", "cuda"):
        minigrad.manual_seed(9)
        x = minigrad.ones(3, 40, dtype="float64", device=device, requires_grad=True)
        y = minigrad.checkpoint(lambda x: F.dropout(x.tanh(), 0.5), x)
        found[device] = [y, *tensors(minigrad.grad(y.sum(), x))]
    assert_same(found["cpu"], found["cuda"])
