"""When something is due: by an interval or a calendar, over changes of the clock, after nobody ran for long."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.schedule.calendar import Kind, Plan, due, newest_due, next_due, overdue_hours
from agent.schedule.plans import ScheduleChange, look_plan, plans_of, retraining_plan
from pipeline.catalog import managed_model

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


def hourly(**changes):
    return Plan(**{"model": "m", "kind": Kind.LOOK, "every": HOUR} | changes)


def calendar(cron, zone="Europe/Berlin", **changes):
    return Plan(**{"model": "m", "kind": Kind.RETRAINING, "cron": cron, "zone": zone} | changes)


def times(plan, after, count):
    found = []
    for _ in range(count):
        found.append(after := next_due(plan, after))
    return found


def local(plan, after, count):
    return [f"{at.astimezone(ZoneInfo(plan.zone)):%a %m-%d %H:%M %z}" for at in times(plan, after, count)]


def test_an_interval_comes_at_the_same_moments_whoever_asks():
    assert times(hourly(), NOON, 2) == [NOON + HOUR, NOON + 2 * HOUR]
    assert next_due(hourly(), NOON + timedelta(minutes=17)) == NOON + HOUR
    assert newest_due(hourly(), NOON) == NOON
    assert newest_due(hourly(), NOON - timedelta(seconds=1)) == NOON - HOUR


def test_the_jitter_of_a_model_is_its_own_and_always_the_same():
    plans = [hourly(model=f"m{number}", jitter=timedelta(minutes=10)) for number in range(50)]
    offsets = {plan.offset for plan in plans}
    assert len(offsets) == 50
    assert all(timedelta(0) <= offset < timedelta(minutes=10) for offset in offsets)
    first = plans[0]
    assert next_due(first, NOON) == NOON + first.offset
    assert times(first, NOON, 2)[1] - times(first, NOON, 2)[0] == HOUR


def test_what_was_never_looked_at_is_due_now_and_what_was_answered_for_is_not():
    assert due(hourly(), None, NOON + timedelta(minutes=5)) == NOON
    assert due(hourly(), NOON, NOON + timedelta(minutes=59)) is None
    assert due(hourly(), NOON, NOON + HOUR) == NOON + HOUR


@pytest.mark.parametrize("away", [timedelta(hours=3), timedelta(days=40), timedelta(days=800)])
def test_after_a_downtime_one_time_is_due_not_many(away):
    later = NOON + away
    for plan in (hourly(), calendar("0 3 * * *"), calendar("@weekly")):
        missed = due(plan, NOON - timedelta(days=8), later)
        assert missed is not None
        assert missed <= later
        assert due(plan, missed, later) is None


def test_a_retraining_that_nobody_has_waited_for_yet_comes_at_its_next_time():
    assert due(calendar("0 3 * * *"), None, NOON) is None


@pytest.mark.parametrize(
    ("cron", "first"),
    [
        ("0 3 * * 1", "Mon 11-23 03:00 +0100"),  # crontab counts from Sunday, APScheduler from Monday
        ("0 3 * * 0", "Sun 11-22 03:00 +0100"),
        ("0 3 * * 7", "Sun 11-22 03:00 +0100"),
        ("0 3 * * mon", "Mon 11-23 03:00 +0100"),
        ("0 3 * * 0-2", "Sun 11-22 03:00 +0100"),
        ("0 3 * * 1-5", "Mon 11-23 03:00 +0100"),
        ("0 3 * * 2,4", "Tue 11-24 03:00 +0100"),
        ("0 3 * * Mon-Wed", "Mon 11-23 03:00 +0100"),
        ("@daily", "Sun 11-22 00:00 +0100"),
        ("@weekly", "Sun 11-22 00:00 +0100"),
        ("@monthly", "Tue 12-01 00:00 +0100"),
    ],
)
def test_a_calendar_is_read_as_crontab_writes_it(cron, first):
    assert local(calendar(cron), NOON, 1) == [first]


@pytest.mark.parametrize(
    ("weekdays", "days"),
    [
        ("*/2", "Sun Tue Thu Sat"),
        ("1-5/2", "Mon Wed Fri"),
        ("Sun-Tue", "Sun Mon Tue"),
        ("sun-tue", "Sun Mon Tue"),
        ("FRI-SUN", "Fri Sat Sun"),
        ("5-7", "Fri Sat Sun"),
        ("sun-sat", "Sun Mon Tue Wed Thu Fri Sat"),
        ("0-0", "Sun"),
        ("0,7,mon", "Sun Mon"),
        ("sat-sun,3", "Wed Sat Sun"),
    ],
)
def test_weekdays_mean_the_days_that_crontab_means(weekdays, days):
    found = {f"{at:%a}" for at in times(calendar(f"0 3 * * {weekdays}", "UTC"), NOON, 14)}
    assert found == set(days.split())


@pytest.mark.parametrize(
    ("cron", "first"),
    [
        ("0 3 13 * fri", ["11-27", "12-04", "12-11", "12-13", "12-18"]),  # either: the 13th, and every Friday
        ("0 3 1,15 * mon", ["11-23", "11-30", "12-01", "12-07", "12-14", "12-15"]),
        ("0 3 13 * *", ["12-13", "01-13"]),
        ("0 3 */2 * fri", ["11-27", "12-11", "12-25"]),  # a field that begins with * restricts the other, as in cron
    ],
)
def test_a_day_and_a_weekday_that_are_both_named_mean_either(cron, first):
    assert [f"{at:%m-%d}" for at in times(calendar(cron, "UTC"), NOON, len(first))] == first


def test_a_time_that_the_clock_jumps_over_in_spring_still_comes_that_day():
    before = datetime(2026, 3, 27, 12, tzinfo=UTC)
    assert local(calendar("30 2 * * *"), before, 3) == [
        "Sat 03-28 02:30 +0100",
        "Sun 03-29 03:30 +0200",
        "Mon 03-30 02:30 +0200",
    ]
    assert local(calendar("30 2 * * sun"), before, 1) == ["Sun 03-29 03:30 +0200"]


@pytest.mark.parametrize(
    ("zone", "night"),
    [
        ("Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 10, 31, 12, tzinfo=UTC)),
    ],
)
def test_a_time_that_the_clock_runs_through_twice_in_autumn_comes_once(zone, night):
    hour = "2" if zone == "Europe/Berlin" else "1"
    plan = calendar(f"30 {hour} * * *", zone)
    found = times(plan, night, 3)
    assert [at.astimezone(ZoneInfo(zone)).fold for at in found] == [0, 0, 0]
    days = [at.astimezone(ZoneInfo(zone)).date() for at in found]
    assert len(set(days)) == 3
    assert found[1] - found[0] == timedelta(hours=25)


def test_over_a_whole_year_a_daily_time_comes_once_a_day():
    plan = calendar("30 2 * * *")
    days = [at.astimezone(BERLIN).date() for at in times(plan, datetime(2026, 1, 1, tzinfo=BERLIN), 365)]
    assert len(set(days)) == 365
    assert days[-1].isoformat() == "2026-12-31"


def test_a_retraining_is_overdue_since_its_first_time_after_the_last_training():
    plan = calendar("0 3 * * *", "UTC")
    assert overdue_hours(plan, NOON - timedelta(days=2), NOON) == 33.0
    assert overdue_hours(plan, NOON - HOUR, NOON) == -15.0


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"retrain": "0 3 * *"}, "4 parts"),
        ({"retrain": "0 25 * * *"}, "cannot be read"),
        ({"retrain": "0 0 30 2 *"}, "never comes"),
        ({"retrain": "0 3 * * 8"}, "no weekday"),
        ({"retrain": "0 3 * * funday"}, "no weekday"),
        ({"retrain": "0 3 * * 6-1"}, "runs backwards"),
        ({"retrain": "0 3 * * */0"}, "step"),
        ({"retrain": "0 3 * * 1,,2"}, "no weekday"),
        ({"retrain": "@daily", "zone": "Berlin"}, "no time zone"),
        ({"zone": "../etc/passwd"}, "no time zone"),
        ({"look_minutes": 0}, "greater than 0"),
        ({"every": 3}, "Extra inputs"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_refused_with_the_reason(said, why):
    with pytest.raises(ValueError, match=why):
        ScheduleChange.model_validate(said)


def test_a_calendar_that_never_comes_is_refused():
    with pytest.raises(ValueError, match="never comes"):
        next_due(calendar("0 0 30 2 *"), NOON)


def test_a_deployment_changes_what_it_names_and_leaves_the_rest():
    spec = managed_model("sms_spam")
    assert retraining_plan(spec, {}) is None
    assert look_plan(spec, {}, 60).every == HOUR
    changes = {"sms_spam": ScheduleChange(look_minutes=5, retrain="@daily", zone="Europe/Berlin")}
    look, retraining = plans_of([spec], changes, 60)
    assert (look.every, look.jitter) == (timedelta(minutes=5), timedelta(seconds=spec.schedule.jitter_seconds))
    assert (retraining.cron, retraining.zone) == ("@daily", "Europe/Berlin")
    assert plans_of([managed_model("breast_cancer")], changes, 60)[0].every == HOUR
