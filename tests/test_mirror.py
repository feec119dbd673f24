"""The tests mirror the source, stem for stem, and files stay short enough to read."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(p for p in (ROOT / "minigrad").rglob("*.py") if not p.name.startswith("__"))
KERNELS = sorted(p for p in (ROOT / "kernels" / "minigrad_kernels").rglob("*.py") if not p.name.startswith("__"))
LONGEST = 300
# Modules whose tests are still owed. The list only ever gets shorter.
OWED = {
    "cli/test_classifier.py",
    "cli/test_info.py",
    "cli/test_predict.py",
    "cli/test_report.py",
    "cli/test_train.py",
    "kernels/test_registry.py",
    "models/test_cnn.py",
    "models/test_lenet.py",
    "models/test_mlp.py",
    "ops/test_activation.py",
    "ops/test_avg_pool.py",
    "ops/test_classification_loss.py",
    "ops/test_convert.py",
    "ops/test_creation.py",
    "ops/test_einsum.py",
    "ops/test_index.py",
    "ops/test_inplace.py",
    "ops/test_join.py",
    "ops/test_linalg.py",
    "ops/test_linear.py",
    "ops/test_operands.py",
    "ops/test_pixels.py",
    "ops/test_pool.py",
    "ops/test_reduce.py",
    "ops/test_shape.py",
    "ops/test_unpool.py",
    "optim/test_adam.py",
    "optim/test_lr_scheduler.py",
    "optim/test_optimizer.py",
    "optim/test_sgd.py",
    "test_backend.py",
    "test_dtypes.py",
    "test_errors.py",
    "test_random.py",
    "test_shapes.py",
    "test_tensor.py",
    "testing/test_gradcheck.py",
    "testing/test_numeric.py",
    "train/test_callbacks.py",
    "train/test_interrupt.py",
    "train/test_metrics.py",
    "train/test_plots.py",
    "train/test_progress.py",
    "train/test_trainer.py",
}


def mirror_of(source):
    """Return the path of the test module that a module must have, relative to tests/."""
    if ROOT / "kernels" in source.parents:
        inside = Path("kernels") / source.relative_to(ROOT / "kernels" / "minigrad_kernels")
    else:
        inside = source.relative_to(ROOT / "minigrad")
    return (inside.parent / f"test_{inside.name}").as_posix()


@pytest.mark.parametrize("source", SOURCES + KERNELS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_has_a_test_module_of_its_name(source):
    wanted = mirror_of(source)
    assert (ROOT / "tests" / wanted).exists() != (wanted in OWED), f"{wanted}: write it, or take it off the list"


@pytest.mark.parametrize("source", SOURCES + KERNELS, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_is_longer_than_an_idea_or_it_says_why(source):
    lines = source.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST or any("Longer than 300 lines because" in line for line in lines[:5])
