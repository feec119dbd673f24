# %% [markdown]
# # Hearing a pitch: CREPE
#
# Somebody else trained this network, with another framework, and saved it in PyTorch's own format. Here it runs on
# minigrad. Get the weights first, once: `python -m minigrad.pretrained fetch crepe`.
#
# *You build:* nothing new; convolution, batch norm and pooling from earlier lessons are enough. *Run time:* 10 s.

# %%
import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad.io import load_torch
from minigrad.pretrained import find, load_crepe
from minigrad.pretrained.crepe import frames_of, hertz, pitch
from minigrad.pretrained.voice import voice

# %% [markdown]
# A `.pth` file is a zip archive: a pickle, which says how the tensors fit together, and one member for each tensor.
# A pickle is a program, and a hostile one can do anything. `load_torch` interprets the few opcodes that tensors need
# and refuses the rest, so nothing in the file is ever run.

# %%
state = load_torch(find("crepe")[0])
for name, array in list(state.items())[:9]:
    print(f"{name:24} {array.shape}")
print(f"... {len(state)} tensors, {sum(a.size for a in state.values()):,} numbers")

# %% [markdown]
# The state holds six times a convolution and a batch norm, and one linear layer. PyTorch's version uses 2-D
# convolutions with a width of one; ours are 1-D, so loading takes that axis off.

# %%
model = load_crepe()
print(model)

# %% [markdown]
# ## Tones
#
# The network looks at 1,024 samples, 64 milliseconds, and says how likely each of 360 pitches is. They lie a fifth of
# a semitone apart. For pure tones it should be sure and right.

# %%
for frequency in (110, 220, 440, 880):
    tone = np.sin(2 * np.pi * frequency * np.arange(4000) / 16_000)
    heard, sure = pitch(model, tone)
    off = 1200 * np.log2(heard[12] / frequency)
    print(f"{frequency} Hz: heard {heard[12]:.1f} Hz, {off:+.0f} cents, sure {sure[12]:.2f}")

# %% [markdown]
# ## A voice
#
# `voice()` speaks nine vowels of the bundled data set *japanese_vowels*, with a pitch that falls from 100 Hz by a fifth
# in each. The picture shows what the network finds likely at every moment (dark), and its answer where it is sure.

# %%
sound, speaking = voice(pitch=100.0, silence=0.2)
probabilities = model(minigrad.from_numpy(frames_of(sound))).numpy()
heard, sure = hertz(probabilities)
seconds = np.arange(len(heard)) / 100

figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
figure.set_label("Likely pitches of the voice over time, and the answers")
extent = (0, seconds[-1], 0, 160)  # 60 pitches to an octave, from 31.7 Hz on
axis.imshow(probabilities.T[:160] ** 0.5, "Blues", origin="lower", aspect="auto", extent=extent, interpolation="none")
answer = np.where(sure > 0.5, 60 * np.log2(heard / 31.7), np.nan)
axis.plot(seconds, answer, ".", color="#c55a11", markersize=4, label="the answer, where sure")
marks = np.array([40, 60, 80, 100, 150])
axis.set(yticks=60 * np.log2(marks / 31.7), yticklabels=marks, xlabel="seconds", ylabel="Hz")
axis.legend(frameon=False, loc="upper right")
low, high = np.percentile(heard[sure > 0.5], (25, 75))
print(f"where it is sure, half of the answers lie between {low:.0f} and {high:.0f} Hz")

# %% [markdown]
# Each vowel is a falling line from 100 Hz towards 80 Hz, as it was made. The pale lines below are an octave lower, the
# mistake that every judge of pitch is tempted to make: what repeats 100 times a second also repeats 50 times.
#
# The test beside this lesson compares 360 probabilities a frame with those of the package's own model under PyTorch:
# they differ by less than 0.00001.
