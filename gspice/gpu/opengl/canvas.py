"""The canvas on OpenGL: the compute canvas, and which device it takes."""

from typing import Self

from gspice.gpu.budgets import GpuBudgets
from gspice.gpu.compute.adapters import preferred
from gspice.gpu.compute.allowed import device_limits, engine_limits
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.opengl.device import OpenGLDevice, devices


class OpenGLCanvas(ComputeCanvas):
    """Draws with compute shaders of OpenGL 4.3, on a context without a window."""

    @classmethod
    def open(cls, device: str | None = None, budgets: GpuBudgets | None = None) -> Self:
        """On a device by number, device file or part of its name; None: a GPU, or else a software renderer.

        ConfigError: there is no such device, or the libraries for it are missing. GpuError: it does not work.
        """
        allowed = budgets or GpuBudgets()
        opened = OpenGLDevice.open(device or preferred(devices()), device_limits(allowed))
        return cls.on(opened, engine_limits(allowed))
