"""What a client tells its server of how a video stream goes, as spice-gtk counts it."""

from typing import Final

from gspice.wire.messages import display as wire

NO_DECODER: Final = 0xFFFFFFFF
"""Drops of no frames: the client cannot show the stream at all."""
NO_SOUND: Final = 0xFFFFFFFF
LATE_IN_A_ROW: Final = 3
"""So many late frames are reported at once."""
MS: Final = 1000


def undecodable(stream_id: int, unique_id: int = 0) -> wire.DisplayStreamReport:
    """The report that makes a server send something else than that stream."""
    return wire.DisplayStreamReport(
        stream_id=stream_id,
        unique_id=unique_id,
        start_frame_mm_time=0,
        end_frame_mm_time=0,
        num_frames=0,
        num_drops=NO_DECODER,
        last_frame_delay=0,
        audio_delay=0,
    )


class StreamReports:
    """Of one stream, from when the server asks for them. Nothing is reported between frames."""

    def __init__(self, wanted: wire.DisplayStreamActivateReport) -> None:
        self.unique_id = wanted.unique_id
        self._wanted = wanted
        self._frames = self._drops = self._late_in_a_row = 0
        self._first_mm_time = 0
        self._begun = 0.0

    def frame(
        self, mm_time: int, delay_ms: int, now: float, *, shown: bool = True
    ) -> wire.DisplayStreamReport | None:
        """A frame came, ``delay_ms`` ahead of its time; a report, where one is due.

        A late one counts as dropped, as with clients that show frames at their times, and one that is not ``shown``.
        """
        if not self._frames:
            self._first_mm_time, self._begun = mm_time, now
        self._frames += 1
        late = delay_ms < 0 or not shown
        self._drops += late
        self._late_in_a_row = self._late_in_a_row + 1 if late else 0
        waited_ms = (now - self._begun) * MS
        if (
            self._frames < self._wanted.max_window_size
            and waited_ms < self._wanted.timeout_ms
            and self._late_in_a_row < LATE_IN_A_ROW
        ):
            return None
        report = wire.DisplayStreamReport(
            stream_id=self._wanted.stream_id,
            unique_id=self.unique_id,
            start_frame_mm_time=self._first_mm_time,
            end_frame_mm_time=mm_time,
            num_frames=self._frames,
            num_drops=self._drops,
            last_frame_delay=delay_ms,
            audio_delay=NO_SOUND,
        )
        self._frames = self._drops = self._late_in_a_row = 0
        return report
