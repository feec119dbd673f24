# %% [markdown]
# # Is somebody speaking? Silero VAD
#
# A small network that telephones and recorders run all day: it hears 32 milliseconds of sound at a time and says
# whether they are speech. Convolutions look at the sound, an LSTM remembers what came before.
# Get the weights first, once: `python -m minigrad.pretrained fetch silero_vad`. *Run time:* 10 s.

# %%
import matplotlib.pyplot as plt
import numpy as np

from minigrad.pretrained import load_silero_vad
from minigrad.pretrained.silero_vad import STEP, speech
from minigrad.pretrained.voice import voice

model = load_silero_vad()
print(model)

# %% [markdown]
# ## A Fourier transform is a convolution
#
# The first layer has 258 filters of 256 samples. Nobody trained them: they are cosines and sines under a window, so
# that this convolution, followed by √(re² + im²), is a short-time Fourier transform.

# %%
filters = model.stft_conv.weight.numpy()[:, 0]
figure, axes = plt.subplots(1, 3, figsize=(8, 2), sharey=True, layout="constrained")
figure.set_label("Three filters of the first layer: cosines under a window")
for axis, number in zip(axes, (2, 8, 30), strict=True):
    axis.plot(filters[number], color="#1f4e79", linewidth=1)
    axis.set(title=f"filter {number}: {number * 16_000 / 256:.0f} Hz", xlabel="sample")

# %% [markdown]
# ## Speech and silence
#
# The sound is nine vowels, said by nine people and bundled as *japanese_vowels*, between two seconds of faint noise.

# %%
sound, speaking = voice()
probability = speech(model, sound)
seconds = (np.arange(len(probability)) + 0.5) * STEP / 16_000

figure, (above, below) = plt.subplots(2, 1, figsize=(8, 3.6), sharex=True, layout="constrained")
figure.set_label("The sound, and the probability of speech below it")
above.plot(np.arange(len(sound)) / 16_000, sound, color="#1f4e79", linewidth=0.3)
above.set(ylabel="sound")
below.fill_between(np.arange(len(sound))[::100] / 16_000, speaking[::100], color="#f4d9c6", label="somebody speaks")
below.plot(seconds, probability, color="#c55a11", label="the network's probability")
below.set(ylabel="speech", xlabel="seconds", ylim=(0, 1.25))
below.legend(frameon=False, ncols=2, loc="upper right")

truth = np.array([speaking[i : i + STEP].mean() > 0.5 for i in range(0, len(speaking), STEP)])
print(f"{np.mean((probability > 0.5) == truth):.1%} of {len(truth)} steps are judged right")

# %% [markdown]
# ## What the LSTM is for
#
# Give the network each step alone, without what it remembers, and it knows much less: one period of a vowel is
# not yet speech.

# %%
alone = np.concatenate([speech(model, sound[i : i + STEP]) for i in range(0, len(sound), STEP)])
print(f"without memory: {np.mean((alone > 0.5) == truth):.1%}")

# %% [markdown]
# The test beside this lesson compares the probabilities with those of an implementation in PyTorch. With the weights of
# the package's ONNX file, which are of another training, the same layers agree with onnxruntime to 0.000001.
