"""docs/on-call.md has an entry for everything that alerts can say, and alerts link it."""

import re
from pathlib import Path

import pytest

from agent.alerts.incidents import IncidentKind
from agent.alerts.links import Places, anchor, links
from agent.alerts.notice import NoticeKind
from agent.alerts.settings import AlertSettings
from tests.agent.alerts.builders import notice_with

PAGE = (Path(__file__).parents[3] / "docs" / "on-call.md").read_text()
ENTRIES = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
PARTS = ("Meaning", "Check", "Act", "Escalate")
HOME = "https://wiki.example/on-call"


def heading_anchor(heading: str) -> str:
    """As pages on GitHub make it of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_kind_of_notice_has_an_entry_and_no_entry_is_of_nothing():
    assert sorted(map(heading_anchor, ENTRIES)) == sorted(map(anchor, NoticeKind))


@pytest.mark.parametrize("heading", ENTRIES)
def test_every_entry_says_what_it_means_what_to_check_what_to_do_and_when_to_escalate(heading):
    entry = PAGE.partition(f"## {heading}\n")[2].partition("\n#")[0]
    assert [part for part in PARTS if not re.search(rf"^\*\*{part}\.\*\* \S", entry, re.MULTILINE)] == []


def test_every_kind_of_incident_leads_to_an_entry():
    rows = dict(re.findall(r"^\| `(\w+)` .*\]\(#([\w-]+)\) \|$", PAGE, re.MULTILINE))
    assert set(rows) == set(IncidentKind)
    assert set(rows.values()) <= set(map(heading_anchor, ENTRIES))


@pytest.mark.parametrize("kind", NoticeKind)
def test_an_alert_links_its_entry_where_an_address_is_set(kind):
    with_it = [link.url for link in links(notice_with(kind=kind), Places(runbook=HOME))]
    assert with_it == [f"{HOME}#{anchor(kind)}"]
    assert links(notice_with(kind=kind), Places()) == ()


def test_the_address_comes_from_the_settings_and_must_be_one(monkeypatch):
    assert AlertSettings(_env_file=None, runbook_url=f"{HOME}/").places.runbook == HOME
    with pytest.raises(ValueError, match="Write an address"):
        AlertSettings(_env_file=None, runbook_url="javascript:alert(1)")
