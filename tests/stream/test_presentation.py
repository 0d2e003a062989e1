from gspice.stream.presentation import EARLY, FIRST_LEAD, LEAST_LEAD, MOST_LEAD, Presentation, multimedia_time


def shown(presentation: Presentation, now: float, *, behind: float, road: float) -> float:
    """Seconds that a frame sent now is early at a client whose clock is ``behind``, over a ``road`` so long."""
    clock = now + road - behind
    return presentation.stamp(now) / 1000 - clock


def test_frames_come_before_their_time_but_hardly() -> None:
    """A client's clock lags by what its first message took; frames take longer."""
    presentation = Presentation()
    now, late = 100.0, 0
    for _ in range(50):
        margin = shown(presentation, now, behind=0.040, road=0.140)
        late += margin < 0
        presentation.reported(round(margin * 1000))
        now += 1 / 6
    assert late <= 1
    assert EARLY - 0.002 <= shown(presentation, now, behind=0.040, road=0.140) <= EARLY + 0.006


def test_a_clock_that_was_set_late_costs_no_delay() -> None:
    presentation = Presentation()
    for number in range(100):
        margin = shown(presentation, 5.0 + number, behind=0.500, road=0.020)
        presentation.reported(round(margin * 1000))
    assert 0 <= shown(presentation, 200.0, behind=0.500, road=0.020) < 0.020
    assert presentation.lead < 0


def test_the_lead_has_its_ends() -> None:
    presentation = Presentation()
    presentation.reported(-(10**9))
    assert presentation.lead == MOST_LEAD
    for _ in range(100):
        presentation.reported(10**9)
    assert presentation.lead == LEAST_LEAD


def test_stamps_never_go_back_and_are_never_0() -> None:
    presentation = Presentation()
    first = presentation.stamp(10.0)
    assert first == multimedia_time(10.0 + FIRST_LEAD)
    for _ in range(100):
        presentation.reported(1000)
    assert presentation.stamp(10.01) == first
    wrap = (1 << 32) / 1000 - FIRST_LEAD
    presentation = Presentation()
    assert presentation.stamp(wrap - 0.001) == (1 << 32) - 1
    assert presentation.stamp(wrap) == 1
    assert presentation.stamp(wrap + 0.005) == 5
