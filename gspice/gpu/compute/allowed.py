"""The operator's budgets as the limits of a device and its engine."""

from gspice.gpu.budgets import GpuBudgets
from gspice.gpu.compute.device import DeviceLimits
from gspice.gpu.compute.engine import EngineLimits

_MIB = 1 << 20


def device_limits(budgets: GpuBudgets) -> DeviceLimits:
    """What the device may take beside the buffers that it is asked for."""
    return DeviceLimits(staging_bytes=budgets.staging * _MIB)


def engine_limits(budgets: GpuBudgets) -> EngineLimits:
    """What the engine may keep."""
    return EngineLimits(image_cache=budgets.image_cache * _MIB, comparison=budgets.comparison * _MIB)
