"""The chain from the tables to hours on the page: every step of every account and seller, safe with any name."""

import dataclasses
import json
import re
import shutil
import subprocess

import pytest
from made_run import board_run

from spm_opt.capacity.available import available
from spm_opt.report import derivation
from spm_opt.report.capacity_text import seller_steps
from spm_opt.report.folded import HOLE, folded
from spm_opt.report.report import contents
from spm_opt.report.workload_text import account_steps
from spm_opt.scenario.capacity_settings import Capacity
from spm_opt.scenario.segment_settings import Segments
from spm_opt.scenario.workload_settings import Coverage, Workload
from spm_opt.workload.derive import derived
from spm_opt.workload.hours import hours
from spm_opt.workload.segment import segment

HOSTILE = '</script><script>window.PWNED=1</script><img src=x onerror="window.PWNED=1">\'"&'


def made(**options):
    """Make a run of a scenario that derives segments, hours and capacity."""
    run = board_run(**options)
    scenario = run.scenario
    first = next(iter(scenario.settings.activities))
    more = {
        "segments": Segments(by="share", measure=first),
        "workload": Workload(
            activity="hours", coverage=(Coverage(contacts=12, hours=1.0), Coverage(segment="A", contacts=24, hours=1.5))
        ),
        "capacity": Capacity(),
        "activities": {**scenario.settings.activities, "hours": "hours"},
    }  # fmt: skip
    scenario = dataclasses.replace(scenario, settings=scenario.settings.model_copy(update=more))
    return dataclasses.replace(run, scenario=derived(scenario))


@pytest.fixture(scope="module")
def page():
    """Render a page with hostile names."""
    run = made(mark=HOSTILE)
    return run, contents(run)["report.html"].decode("utf-8")


def lookup(text):
    return json.loads(re.search(r'id="hours-data">(.*?)</script>', text, re.DOTALL).group(1))


def unfolded(data, at):
    """Fill the numbers of one list of texts in again, as the page's script does."""
    rest = iter(data["numbers"][at].split(" ") if data["numbers"][at] else ())
    return tuple(
        "".join(part + next(rest) for part in text.split(HOLE)[:-1]) + text.split(HOLE)[-1]
        for text in data["patterns"][data["kind"][at]]
    )


def rows(texts):
    return [texts[at : at + 3] for at in range(0, len(texts), 3)]


def test_every_account_has_its_steps(page):
    """From the tables, to segment and reason, to hours as the command line derives them."""
    run, text = page
    data, asked, found = lookup(text)["accounts"], hours(run.scenario), segment(run.scenario)
    assert data["ids"] == list(asked.account_ids)
    for at in (0, len(data["ids"]) // 2, len(data["ids"]) - 1):
        steps = rows(unfolded(data, at))
        assert steps[0][0] == "from the tables"
        assert steps[1] == ("segment", found.reason[at], found.segment[at])
        assert steps[2:] == account_steps(run.scenario, asked, asked.account_ids[at])[1:]


def test_every_seller_has_steps_and_months(page):
    """As the command line derives them; the months' settled hours add up to the year's."""
    run, text = page
    data, have = lookup(text)["sellers"], available(run.scenario)
    for at, name in enumerate(have.seller_ids):
        assert rows(unfolded(data, at)) == seller_steps(run.scenario, have, name)
        cells = unfolded(data["by_month"], at)
        settled = [float(one.replace(",", "")) for one in cells[3 :: len(lookup(text)["months"])]]
        assert sum(settled) == pytest.approx(have.settled[at].sum(), abs=1)


def test_the_tables_hold_segments_and_channels(page):
    """Both tables are on the page, and the hours of a channel are those of all accounts."""
    run, text = page
    section = text.split('<section id="hours">')[1].split("</section>")[0]
    assert section.count("<table") == 2
    total = hours(run.scenario).by_channel.sum()
    assert f"{total:,.0f}" in section
    assert '<a href="#hours">' in text


def test_hostile_names_stay_text_in_the_steps(page):
    """No name ends the script that holds the data, and none is lost."""
    _, text = page
    assert "<img" not in text
    assert any(HOSTILE in name for name in lookup(text)["sellers"]["names"])


def test_of_very_many_accounts_the_page_names_the_command(monkeypatch):
    """Above the limit only tables and sellers are there."""
    monkeypatch.setattr(derivation, "MOST_ACCOUNTS", 5)
    text = contents(made())["report.html"].decode("utf-8")
    assert lookup(text)["accounts"] is None
    assert lookup(text)["sellers"] is not None
    assert "spm-opt workload SCENARIO --account ID" in text


def test_nothing_is_said_where_nothing_is_derived():
    """A scenario whose columns somebody typed has no such section."""
    text = contents(board_run())["report.html"].decode("utf-8")
    assert 'id="hours"' not in text
    assert "hours-data" not in text


def test_folded_texts_unfold_to_themselves():
    """Patterns are shared, equal numbers stand in them, and holes in a text do no harm."""
    many = [("2 of 10", "x 1,234.5"), ("3 of 10", "x 7"), ("none",), ("",), (f"odd {HOLE} 5",)]
    data = folded(many)
    assert data["patterns"][0] == [f"{HOLE} of 10", f"x {HOLE}"]
    assert data["numbers"] == ["2 1,234.5", "3 7", "", "", ""]
    assert [unfolded(data, at) for at in range(4)] == many[:4]
    assert unfolded(data, 4) == ("odd   5",)


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to open the page with")
@pytest.mark.parametrize("what", [pytest.param("account", marks=pytest.mark.campaign), "position"])
def test_a_browser_shows_the_steps(tmp_path, page, what, monkeypatch):
    """Chromium runs the script under the page's policy: the first account's steps are shown, or the first seller's."""
    run, text = page
    if what == "position":
        monkeypatch.setattr(derivation, "MOST_ACCOUNTS", 5)
        text = contents(run)["report.html"].decode("utf-8")
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=2000",
    ]  # fmt: skip
    done = subprocess.run(
        [CHROMIUM, *flags, "--dump-dom", path.as_uri()], capture_output=True, text=True, check=True, timeout=120
    )  # fmt: skip
    shown = done.stdout.split('id="hours-steps"')[1].split("</section>")[0]
    have = available(run.scenario)
    steps = seller_steps(run.scenario, have, have.seller_ids[0])
    assert (steps[-1][2] if what == "position" else segment(run.scenario).reason[0]) in shown
    assert (f"<td>{have.months[11]}</td>" in shown) == (what == "position")
    assert done.stdout.count("<option") > len(have.seller_ids)
    assert "CONSOLE" not in done.stderr
