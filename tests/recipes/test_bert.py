"""The BERT recipe: both fine-tunings are alike but for the reading before, and padding is not seen."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.io import load as load_file
from minigrad.models import BERT
from minigrad.random import Generator
from minigrad.recipes import BERTRecipe, Run
from minigrad.recipes.bert import APART, HiddenWords, SpeechClassifier, collate_speeches, swapped
from minigrad.text import WordPieceTokenizer


def test_a_run_writes_every_file_and_draws(finished, assert_drawn):
    out, metrics = finished("bert")
    assert_drawn(out, ["comparison.png", "confusion.png", "curves.png", "from-scratch-curves.png",
                       "from-scratch-2-curves.png", "pretrained-curves.png", "pretrained-2-curves.png"])  # fmt: skip
    both = metrics["accuracies"]
    assert {name: len(values) for name, values in both.items()} == {"pretrained": 2, "from scratch": 2}
    assert metrics["accuracy_pretrained"] == both["pretrained"][-1]
    for name, last in metrics["accuracies_of_repeats"].items():
        assert len(last) == 2 and np.mean(last) == pytest.approx(both[name][-1])
    assert metrics["gain"] == metrics["accuracy_pretrained"] - metrics["accuracy_from_scratch"]
    assert 0 < metrics["commonest_class"] < 1 and metrics["hidden_word_loss"] > 0


@pytest.mark.parametrize("repeat", ["", "-2"])
def test_both_fine_tunings_take_the_same_steps_at_the_same_rates(finished, repeat):
    out, _ = finished("bert")
    runs = [load_file(out / f"{name}{repeat}-checkpoint.safetensors") for name in ("pretrained", "from-scratch")]
    assert runs[0]["scheduler"] == runs[1]["scheduler"] and runs[0]["random"] == runs[1]["random"]
    assert runs[0]["progress"]["batches"] == runs[1]["progress"]["batches"]
    a, b = (run["model"]["encoder.bert.words.weight"].numpy() for run in runs)
    assert a.shape == b.shape and not np.array_equal(a, b)


def test_the_same_seed_gives_the_same_new_weights():
    recipe = BERTRecipe(width=8, layers=1, heads=2, vocabulary=200, context=8)
    one, two = recipe.new_bert().state_dict(), recipe.new_bert().state_dict()
    assert all(np.array_equal(one[name].numpy(), two[name].numpy()) for name in one)


def test_windows_are_the_speeches_in_order_and_only_words_are_hidden():
    tokenizer = WordPieceTokenizer.train("to be or not to be that is the question", 60)
    hidden = HiddenWords(tokenizer, 6, 0.15)
    speeches = ["to be or not", "that is the question"] * 6
    windows = hidden.windows(speeches)
    assert all(len(window) == 6 and window[0] == tokenizer.cls_id for window in windows)
    read = [token for window in windows for token in window[1:]]
    assert read == [i for speech in speeches for i in tokenizer.encode(speech)[1:]][: len(read)]
    x, y = (part.numpy() for part in hidden.collate(windows, Generator(1)))
    asked = y != -100
    assert 0.02 < asked.mean() < 0.4 and np.array_equal(np.where(asked, y, x), np.array(windows))
    assert not np.isin(y[asked], tokenizer.special_ids).any()


def test_half_of_the_windows_have_two_neighbours_swapped_and_say_so():
    windows = [[2, *row] for row in np.random.default_rng(0).integers(5, 9, (400, 7)).tolist()] + [[2, 7, 7, 7]]
    examples = swapped(windows, Generator(0))
    labels = [label for _, label in examples]
    assert 150 < sum(labels) < 250 and labels[-1] == 0
    for window, (tokens, label) in zip(windows, examples, strict=True):
        moved = [i for i, (a, b) in enumerate(zip(window, tokens, strict=True)) if a != b]
        assert len(moved) == 2 * label and tokens[0] == 2
        if label:
            i, j = moved
            assert j == i + 1 and (tokens[i], tokens[j]) == (window[j], window[i])
    assert {next(i for i in range(8) if w[i] != t[i]) for w, (t, y) in zip(windows, examples, strict=True) if y} == set(range(1, 7))


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_which_examples_are_chosen_has_nothing_to_do_with_their_labels(seed):
    windows = [[2, 5, 6, 7]] * 4000
    labels = np.array([label for _, label in swapped(windows, Generator(seed + APART))])
    for repeat in range(3):
        chosen = Generator(seed + repeat).permutation(4000)[:1000]
        assert 0.45 < labels[chosen].mean() < 0.55


def test_the_plays_of_speeches_can_be_told_too(run_toy, tmp_path):
    metrics = run_toy("bert", tmp_path, task="plays")
    assert load_file(tmp_path / "model.safetensors")["model"]["head.weight"].shape[0] == 8 and metrics["task"] == "plays"


def test_what_is_padding_does_not_change_the_scores():
    minigrad.manual_seed(0)
    model = SpeechClassifier(BERT(20, 8, 1, 2, 8, 16), 8, 0.1).double().eval()
    tokens, lengths, plays = collate_speeches([([2, 9, 3], 1), ([2, 7, 8, 9, 3], 4)])
    assert tokens.tolist() == [[2, 9, 3, 0, 0], [2, 7, 8, 9, 3]] and plays.tolist() == [1, 4]
    assert np.allclose(model(tokens, lengths).numpy()[:1], model(tokens[:1, :3], lengths[:1]).numpy())


@pytest.mark.slow
def test_short_pretraining_learns_more_than_nothing(tmp_path):
    metrics = Run(BERTRecipe(pretraining_epochs=1, epochs=2, width=64, labels=200), tmp_path).execute()
    assert metrics["hidden_word_loss"] < np.log(1500) - 0.8
