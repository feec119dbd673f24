"""Run a lesson and write what it says and draws as Markdown: python tutorials/render.py tutorials/LESSON.py

A lesson is a Python file in cells: "# %% [markdown]" opens text in comments, "# %%" opens code. All cells run in one
namespace. What a cell prints stands below it, and so do the pictures that it drew with matplotlib.
"""

import contextlib
import io
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def cells(text):
    """Return (is it text?, lines) for each cell."""
    parts = [part.split("\n") for part in ("\n" + text).split("\n# %%")[1:]]
    return [(lines[0].strip() == "[markdown]", lines[1:]) for lines in parts]


def run(code, namespace):
    """Run one cell and return what it printed."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "<cell>", "exec"), namespace)
    return printed.getvalue().rstrip()


def pictures(folder, count):
    """Save the figures that are open, close them, and return them as Markdown, the title as what is seen there."""
    lines = []
    for number in plt.get_fignums():
        figure = plt.figure(number)
        path = folder / f"{count + len(lines) + 1}.png"
        folder.mkdir(exist_ok=True)
        figure.savefig(path, dpi=110, metadata={"Software": None})
        lines.append(f"![{figure.get_label()}]({folder.name}/{path.name})")
        plt.close(figure)
    return lines


def render(path):
    """Write LESSON.md beside LESSON.py, pictures into LESSON_files/."""
    namespace, out, count = {"__name__": "__main__"}, [], 0
    for is_text, lines in cells(path.read_text(encoding="utf-8")):
        body = "\n".join(lines).strip()
        if is_text:
            out.append("\n".join(line.removeprefix("#").removeprefix(" ") for line in body.split("\n")))
            continue
        printed = run(body, namespace)
        drawn = pictures(path.with_name(f"{path.stem}_files"), count)
        count += len(drawn)
        out += [f"```python\n{body}\n```", *([f"```text\n{printed}\n```"] if printed else []), *drawn]
    path.with_suffix(".md").write_text("\n\n".join(out) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        render(Path(name))
