"""What streamed video is worth: what a client was sent, against what truly played."""

import math
from dataclasses import dataclass

from bench.video_streams_client import StreamLog
from bench.video_streams_recording import LEAD_S, Sample, Truth
from gspice.geometry import Rect
from gspice.region import Region
from tests.stream.video_scenes import GRACE_S

FOUND_COVER = 0.5
"""A video is streamed once so much of it is."""
FOUND_S = 0.25
"""After that, edges count."""
UNFOUND_S = 1.5
"""A video that is not streamed so long after its beginning counts as not covered from then on."""
EPSILON = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run of one scene came to; parts are of the videos' pixels."""

    delay: float
    """Frames of a video that were drawn until it was streamed, the worst; infinite: one never was; NaN: none plays."""
    cover: float
    """Mean part of the videos that is in streams while they play undisturbed; NaN as well."""
    excess: float
    """What is streamed and no video, then."""
    streamed: float
    """Part of the scene's time in which there were streams."""
    created: int
    """Streams."""
    places: int
    """Places in which videos stayed for a while: as many streams as are needed."""
    frames: int
    """Frames of streams."""
    drawn: int
    """Frames that the guest drew while videos played."""
    stream_bytes: int
    received_bytes: int
    """On the display channel."""


def figures(truth: Truth, log: StreamLog, begun: float, received_bytes: int) -> Figures:
    """``begun``: when the recording's first event was due, by the log's clock."""
    found = {number: found_at(number, truth, log, begun) for number in truth.films}
    covers: list[float] = []
    excesses: list[float] = []
    since: dict[int, tuple[float, Rect, bool]] = {}
    places: set[tuple[int, Rect]] = set()
    with_streams = 0
    for sample in truth.samples:
        streamed = log.at(begun + sample.time)
        with_streams += bool(streamed)
        settled = bool(sample.videos)
        for video in sample.videos:
            number, film, at = video.number, truth.films[video.number], found[video.number]
            last = since.get(number)
            if last is None:
                # Its beginning is what the delay is for.
                last = since[number] = (sample.time - GRACE_S, video.rect, video.moving)
            elif last[1:] != (video.rect, video.moving):
                last = since[number] = (sample.time, video.rect, video.moving)
            stays = sample.time - last[0] > GRACE_S
            if stays:
                places.add((number, video.rect))
            begins = min(at + FOUND_S, film.start + UNFOUND_S)
            settled = settled and stays and video.moving and sample.time > begins
        if settled:
            cover, excess = parts(sample, streamed)
            covers.append(cover)
            excesses.append(excess)
    sizes = [size for stream in log.streams for _, size in stream.frames]
    return Figures(
        delay=max((frames_until(found[number], number, truth) for number in truth.films), default=math.nan),
        cover=mean(covers),
        excess=mean(excesses),
        streamed=with_streams / len(truth.samples),
        created=len(log.streams),
        places=len(places),
        frames=len(sizes),
        drawn=sum(drawn(number, truth) for number in truth.films),
        stream_bytes=sum(sizes),
        received_bytes=received_bytes,
    )


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def parts(sample: Sample, streamed: tuple[Rect, ...]) -> tuple[float, float]:
    """What part of the videos is streamed, and what is streamed beside them, as a part of them too."""
    videos, streams = Region([video.rect for video in sample.videos]), Region(streamed)
    total, area = videos.area, streams.area
    videos.intersect_region(streams)
    return videos.area / total, (area - videos.area) / total


def found_at(number: int, truth: Truth, log: StreamLog, begun: float) -> float:
    """When most of a video was streamed first, in the recording's time; infinite: never."""
    for sample, end in zip(truth.samples, [*truth.samples[1:], None], strict=True):
        rect = next((video.rect for video in sample.videos if video.number == number), None)
        if rect is None:
            continue
        until = math.inf if end is None else end.time
        inside = [time - begun for time in log.times if sample.time < time - begun < until]
        for time in (sample.time, *inside):
            streams = Region(log.at(begun + time))
            streams.intersect(rect)
            if streams.area > FOUND_COVER * rect.area:
                return time
    return math.inf


def frames_until(time: float, number: int, truth: Truth) -> float:
    """Frames of a video that the guest had drawn by then, one at least; infinite where ``time`` is."""
    if math.isinf(time):
        return time
    film = truth.films[number]
    last = max(sample.time for sample in truth.samples if sample.time <= max(time, film.start))
    return float(frame(last, film.rate) - frame(film.start, film.rate) + 1)


def frame(time: float, rate: float) -> int:
    """The number of the frame that is shown then."""
    return int((time - LEAD_S + EPSILON) * rate)


def drawn(number: int, truth: Truth) -> int:
    """Frames of a video that the guest drew, pauses left out."""
    rate = truth.films[number].rate
    return len(
        {
            frame(sample.time, rate)
            for sample in truth.samples
            for video in sample.videos
            if video.number == number and video.moving
        }
    )
