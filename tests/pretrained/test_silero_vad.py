import numpy as np
import pytest

import minigrad
from minigrad.errors import ArgumentError, ShapeError, StateError
from minigrad.io import load_file
from minigrad.pretrained.silero_vad import SileroVAD, load_silero_vad, speech, with_weights
from minigrad.pretrained.voice import voice


@pytest.fixture(scope="module")
def untrained():
    minigrad.manual_seed(0)
    return SileroVAD().eval()


@pytest.mark.pretrained
def test_the_probabilities_are_those_of_another_implementation(weights, reference):
    weights("silero_vad")
    found = speech(load_silero_vad(), voice()[0][8000:-8000])
    np.testing.assert_allclose(found, reference("silero_vad.npz")["probabilities"], atol=1e-5)


@pytest.mark.pretrained
def test_vowels_are_speech_and_silence_is_not(weights):
    weights("silero_vad")
    sound, speaking = voice()
    heard = speech(load_silero_vad(), sound) > 0.5
    share = np.array([piece.mean() for piece in np.array_split(speaking, np.arange(512, len(speaking), 512))])
    assert heard[share == 1].mean() > 0.9
    assert not heard[:28].any() and not heard[-25:].any()


@pytest.mark.pretrained
def test_a_state_without_a_layer_is_refused_by_its_name(weights):
    state = load_file(weights("silero_vad")[0])
    state["lstm.weight_hh"] = state.pop("lstm_cell.weight_hh")
    with pytest.raises(StateError, match=r"(?s)missing keys: lstm_cell.weight_hh.*unexpected keys: lstm.weight_hh"):
        with_weights(state)


def test_a_step_depends_on_what_was_heard_before_through_the_state(untrained):
    rng = np.random.default_rng(0)
    sound = rng.normal(size=2048).astype("f4")
    found = speech(untrained, sound)
    assert found.shape == (4,) and np.abs(found - speech(untrained, np.flip(sound))).max() > 1e-5
    changed = sound.copy()
    changed[:100] *= -2
    assert np.abs(speech(untrained, changed)[3] - found[3]) > 1e-8
    changed = sound.copy()
    changed[-100:] = 0
    assert np.array_equal(speech(untrained, changed)[:3], found[:3])


def test_a_step_is_32_ms_and_the_last_one_is_filled_up(untrained):
    assert [len(speech(untrained, np.zeros(n))) for n in (0, 1, 512, 513)] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m(minigrad.zeros(1, 512)), ShapeError, r"needs \(B, 576\), got \(1, 512\)\nHint: speech"),
        (lambda m: speech(m, np.zeros((2, 3))), ArgumentError, r"needs finite samples along one axis, got \(2, 3\)"),
        (lambda m: speech(m, [np.inf]), ArgumentError, "needs finite samples"),
        (lambda m: with_weights({}), StateError, "missing keys: stft_conv.weight, conv1.weight"),
    ],
)
def test_bad_input_is_told(untrained, call, error, message):
    with pytest.raises(error, match=message):
        call(untrained)
