import numpy as np
import pytest

from minigrad.data import load
from minigrad.errors import ArgumentError
from minigrad.pretrained.voice import RATE, voice, vowel


def test_a_vowel_has_the_asked_pitch_and_its_multiples_only():
    sound = vowel(np.zeros((60, 12)), pitch=200.0)
    n = 2048  # the pitch falls a tenth of a semitone within these samples
    spectrum = np.abs(np.fft.rfft(sound[400 : 400 + n] * np.hanning(n)))
    loudest = np.argmax(spectrum[: n * 300 // RATE]) * RATE / n
    assert 180 < loudest < 205
    quiet = int(1.5 * loudest * n / RATE)
    assert spectrum[quiet - 3 : quiet + 3].max() < 0.1 * spectrum.max()


def test_the_coefficients_say_which_frequencies_are_strong():
    low, high = (vowel(np.full((40, 12), [c, *[0] * 11]), 100.0) for c in (2.0, -2.0))
    share = [np.sum(np.abs(np.fft.rfft(x))[: len(x) // 8] ** 2) / np.sum(np.abs(np.fft.rfft(x)) ** 2) for x in (low, high)]
    assert share[0] > 0.8 and share[1] < 0.2


def test_each_step_lasts_twice_6_4_milliseconds():
    said = load("japanese_vowels").x[0]
    assert len(vowel(said)) == int(len(said) * 0.0128 * RATE)
    assert np.abs(vowel(said)).max() <= 0.3 and vowel(said)[0] == 0


def test_the_voice_is_the_same_every_time_and_says_where_it_speaks():
    sound, speaking = voice(silence=0.5)
    assert np.array_equal(sound, voice(silence=0.5)[0]) and sound.dtype == np.float32
    assert not speaking[:8000].any() and not speaking[-8000:].any() and speaking[8000:-8000].all()
    assert sound[speaking].std() > 10 * sound[~speaking].std()


@pytest.mark.parametrize(("said", "pitch"), [(np.zeros(12), 100.0), (np.zeros((0, 12)), 100.0), (np.zeros((3, 12)), 3000.0)])
def test_bad_arguments_are_told(said, pitch):
    with pytest.raises(ArgumentError, match=r"vowel: needs \(T, 12\) coefficients and a pitch from 20 to 2500 Hz"):
        vowel(said, pitch)
