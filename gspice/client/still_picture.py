"""When a picture may be taken: it is there, and nothing was drawn for a while."""

from gspice.client.display import DisplayChannel


class StillPicture:
    """Watches a display until nothing changed for ``quiet`` seconds, or ``patience`` seconds long, for some
    desktops never rest. Call ``reached`` after whatever may have drawn, and at ``deadline``.
    """

    def __init__(self, display: DisplayChannel, *, quiet: float, patience: float) -> None:
        self._display = display
        self._quiet = quiet
        self._patience = patience
        self._shown_at: float | None = None
        self._changed_at = 0.0
        self._changes = -1

    def reached(self, now: float) -> bool:
        """Whether the picture is to be taken now."""
        if not self._display.marked:
            self._shown_at = None
            return False
        if self._shown_at is None:
            self._shown_at = now
        if self._changes != self._display.changes:
            self._changes = self._display.changes
            self._changed_at = now
        return now >= self._due

    def deadline(self) -> float | None:
        """When ``reached`` may become true with nothing drawn; None: only something drawn can change it."""
        return None if self._shown_at is None else self._due

    @property
    def _due(self) -> float:
        assert self._shown_at is not None
        return min(self._changed_at + self._quiet, self._shown_at + self._patience)
