import numpy as np
import pytest

import minigrad
from minigrad.errors import ArgumentError, FileFormatError, ShapeError, StateError
from minigrad.io import load_torch
from minigrad.pretrained.crepe import CENTS, Crepe, frames_of, hertz, load_crepe, pitch, with_weights
from tests.io.torch_files import saved

T = np.arange(3200) / 16_000
CHIRP = (0.5 * np.sin(2 * np.pi * (150 * T + 300 * T * T)) + 0.2 * np.sin(4 * np.pi * (150 * T + 300 * T * T)) + 0.01 * np.sin(12345 * T * T)).astype("f4")


@pytest.fixture(scope="module")
def untrained():
    return Crepe().eval()


@pytest.mark.pretrained
def test_the_probabilities_are_those_of_the_packages_own_model(weights, reference):
    weights("crepe")
    expected = reference("crepe.npz")["probabilities"]
    found = load_crepe()(minigrad.from_numpy(frames_of(CHIRP)[::4])).numpy()
    np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.pretrained
@pytest.mark.parametrize("frequency", [110.0, 220.0, 440.0, 880.0])
def test_pure_tones_are_heard_within_a_tenth_of_a_semitone(weights, frequency):
    weights("crepe")
    heard, sure = pitch(load_crepe(), np.sin(2 * np.pi * frequency * np.arange(8000) / 16_000))
    assert abs(12 * np.log2(heard[10:40] / frequency)).max() < 0.1 and sure[10:40].min() > 0.5


@pytest.mark.pretrained
def test_a_checkpoint_that_lacks_a_layer_is_refused_by_its_name(weights):
    state = load_torch(weights("crepe")[0])
    del state["conv3.bias"]
    with pytest.raises(StateError, match=r"(?s)does not fit Crepe.*missing keys: conv3.bias"):
        with_weights(state)


@pytest.mark.pretrained
def test_a_truncated_file_is_refused(weights, tmp_path):
    (tmp_path / "tiny.pth").write_bytes(weights("crepe")[0].read_bytes()[:-1000])
    with pytest.raises(FileFormatError, match="not a readable zip archive"):
        load_torch(tmp_path / "tiny.pth")


def test_a_state_with_pytorchs_extra_axis_goes_in_and_another_shape_does_not(untrained, tmp_path):
    state = {name: w.numpy() for name, w in untrained.state_dict().items()}
    theirs = {name: w[..., None] if w.ndim == 3 else w for name, w in state.items()}
    (tmp_path / "model.pth").write_bytes(saved(theirs))
    found = with_weights(load_torch(tmp_path / "model.pth")).state_dict()
    assert all(np.array_equal(found[name].numpy(), w) for name, w in state.items())
    with pytest.raises(StateError, match=r"wrong shapes: classifier.weight: \(2, 2\) in the state, \(360, 256\) in the module"):
        with_weights(theirs | {"classifier.weight": np.zeros((2, 2), "f4")})


def test_frames_are_centred_on_the_hops_and_of_mean_0_and_deviation_1():
    frames = frames_of(CHIRP, hop=100)
    assert frames.shape == (33, 1024) and frames.dtype == np.float32
    np.testing.assert_allclose(frames.mean(1), 0, atol=1e-5)
    np.testing.assert_allclose(frames.std(1, ddof=1), 1, atol=1e-5)
    piece = np.pad(CHIRP, 512)[700 : 700 + 1024]
    np.testing.assert_allclose(frames[7], (piece - piece.mean()) / piece.std(ddof=1), atol=1e-5)
    assert (frames_of(np.zeros(0)) == 0).all() and frames_of(np.zeros(0)).shape == (1, 1024)


def test_a_pitch_is_the_mean_of_the_likeliest_and_its_neighbours():
    likely = np.zeros((3, 360))
    likely[0, 100], likely[1, [200, 201]], likely[2, [0, 359]] = 0.5, 0.25, (0.9, 0.8)
    heard, sure = hertz(likely)
    cents = [CENTS[100], (CENTS[200] + CENTS[201]) / 2, CENTS[0]]
    np.testing.assert_allclose(heard, 10 * 2 ** (np.array(cents) / 1200))
    assert sure.tolist() == [0.5, 0.25, 0.9]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m(minigrad.zeros(2, 1000)), ShapeError, r"needs frames \(N, 1024\), got \(2, 1000\)\nHint: frames_of"),
        (lambda m: frames_of(np.zeros((2, 9))), ArgumentError, r"needs finite samples along one axis .*got \(2, 9\)"),
        (lambda m: frames_of([np.nan]), ArgumentError, "needs finite samples"), (lambda m: frames_of([0], 0), ArgumentError, "hop 0"),
    ],
)  # fmt: skip
def test_bad_input_is_told(untrained, call, error, message):
    with pytest.raises(error, match=message):
        call(untrained)
