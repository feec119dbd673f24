# %% [markdown]
# # From spelling to sound: two GRUs
#
# English is not written as it is spoken. A recurrent network reads a word letter by letter, and what it remembers at
# the end is all that a second one gets to write down the phonemes. It was trained on a dictionary with 130,000 words
# and is at its best with words that are in no dictionary.
# Get the weights first, once: `python -m minigrad.pretrained fetch g2p`. *Run time:* 15 s.

# %%
import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad.data import load
from minigrad.pretrained import load_g2p
from minigrad.pretrained.g2p import LETTERS, PHONEMES, pronounce
from minigrad.text import error_rate, exact_match

model = load_g2p()
print(model)

# %%
for word in ("shakespeare", "gradient", "backpropagation", "minigrad", "queue", "through", "tough", "bough"):
    print(f"{word:16} {' '.join(pronounce(model, word))}")

# %% [markdown]
# The last three end in the same four letters and sound different; the network knows them by heart.
#
# ## How good is it?
#
# The data set *pronunciations* is every third word of the CMU dictionary. The network has seen most of them, so this is
# a test of memory as much as of rules. `error_rate` counts the insertions, deletions and replacements of phonemes.

# %%
words = load("pronunciations", "val")
chosen = np.random.default_rng(0).permutation(len(words))[:500]
found = [pronounce(model, words.x[i]) for i in chosen]
right = [words.y[i].split() for i in chosen]
print(f"{exact_match(found, right):.1%} of {len(chosen)} words are exactly right")
print(f"{error_rate(found, right):.1%} of the phonemes are wrong")
for i, said, wanted in list(zip(chosen, found, right, strict=True))[:40]:
    if said != wanted:
        print(f"  {words.x[i]:14} {' '.join(said):28} should be {' '.join(wanted)}")

# %% [markdown]
# Many mistakes are a vowel's stress, the digit behind it, or a surname that no rule could know.
#
# ## What it hesitates over
#
# At each step the decoder gives a probability to every phoneme. Here are the likeliest ones for one word.

# %%
word = "ophelia"
state = model.encode(minigrad.tensor([LETTERS.ids([*word, "</s>"])]))
last, rows, said = PHONEMES.id("<s>"), [], []
while last != PHONEMES.id("</s>") and len(rows) < 20:
    scores, state = model(minigrad.tensor([last]), state)
    rows.append(scores.softmax(1).detach().numpy()[0])
    last = int(rows[-1].argmax())
    said.append(PHONEMES.token(last))

probability = np.array(rows).T
shown = np.flatnonzero(probability.max(1) > 0.03)
figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
figure.set_label(f"Probabilities of the phonemes at each step of {word!r}")
axis.imshow(probability[shown], cmap="Blues", vmin=0, vmax=1, aspect="auto")
axis.set(xticks=range(len(said)), xticklabels=said)
axis.set(yticks=range(len(shown)), yticklabels=[PHONEMES.token(i) for i in shown])
axis.set(xlabel="what it wrote", ylabel="what it thought of", title=word)

# %% [markdown]
# It writes P for "ph" here: the state after the last letter does not hold everything about the third one. Attention, in
# the next lessons, lets the decoder look at the letters again.
#
# The test beside this lesson compares the phonemes of 21 words with those of the package's own NumPy code: all equal.
