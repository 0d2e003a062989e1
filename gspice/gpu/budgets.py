"""What the operator lets a GPU canvas take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuBudgets:
    """In MiB, each for one display device."""

    image_cache: int = 32
    """GPU memory for images that the guest means to send again."""
    comparison: int = 64
    """GPU memory for what clients were shown last, to find there what has changed; 0: that is done in main memory."""
    staging: int = 16
    """Memory for what is on its way to the GPU."""
    journal: int = 64
    """Main memory for commands that are drawn again should the GPU be lost; copies of the surfaces come on top."""
