"""The page: whole, closed to the network, safe with any name, and true to the scorecard."""

import base64
import dataclasses
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from made_run import board_run

from spm_opt.align.result import Level
from spm_opt.report import words
from spm_opt.report.grids import odds_figure
from spm_opt.report.report import contents
from spm_opt.scenario.findings import Finding, Findings

HOSTILE = '</script><script>window.PWNED=1</script><img src=x onerror="window.PWNED=1">\'"&'
VOID = {"meta", "br", "img", "input", "link", "hr"}


class Page(HTMLParser):
    """Collects tags, attributes and text, and checks that tags are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        """Note an opened tag."""
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Note a tag that closes itself, as SVG has them."""
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        """Check that the innermost tag is closed."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Note what is shown."""
        if not self.open or self.open[-1] not in {"script", "style"}:
            self.texts.append(data)


def html(**options):
    return contents(board_run(**options))["report.html"].decode("utf-8")


def data(text):
    return json.loads(re.search(r'id="map-data">(.*?)</script>', text, re.DOTALL).group(1))


@pytest.mark.parametrize("kind", ["polygons", "points", "nothing"])
def test_the_page_is_well_formed(kind):
    """Every tag is closed in order, in each kind of scenario."""
    page = Page(html(kind=kind))
    assert page.tags.count("section") >= 10
    assert page.tags.count("svg") >= 3


def test_the_policy_allows_only_what_is_on_the_page():
    """Nothing by default; the style sheet and each script by the hash of exactly its text."""
    text = html()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1).replace("&#39;", "'")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    blocks = [
        *re.findall(r"<script>(.*?)</script>", text, re.DOTALL),
        *re.findall("<style>(.*?)</style>", text, re.DOTALL),
    ]
    assert len(blocks) == 3
    for block in blocks:
        digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.count("sha256-") == 3


def test_nothing_is_loaded_and_nothing_runs_from_attributes():
    """No address, no resource tag, no style or event attribute, no eval."""
    text = html()
    page = Page(text)
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    names = {name for _, name, _ in page.attributes}
    assert not {"src", "srcset", "style", "action"} & names
    assert not [name for name in names if name.startswith("on")]
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")
    assert not re.search(r"https?:|//[a-z]+\.|url\(|@import|\beval\b|new Function|fetch\(|XMLHttp", text)


@pytest.mark.parametrize("kind", ["polygons", "points", "nothing"])
def test_hostile_names_stay_text(kind):
    """Names with tags in every field add no tag and end no script, and can still be read."""
    finding = Finding("warning", HOSTILE, HOSTILE, 3, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    plain = Page(html(kind=kind, findings=Findings.of([Finding("warning", "r", "f", 3, "c", "v", "e", "s")])))
    text = html(kind=kind, mark=HOSTILE, findings=Findings.of([finding]))
    page = Page(text)
    assert page.tags == plain.tags
    assert any(f"Person 0{HOSTILE}" in part for part in page.texts)
    if kind != "nothing":
        assert data(text)["territories"]["seller"][0] == f"Person 0{HOSTILE}"


def test_findings_are_listed_and_counted():
    """Twenty of a rule are shown and the others counted."""
    many = Findings.of(
        [Finding("warning", "odd", "accounts.csv", row, "x", str(row)) for row in range(2, 32)]
    )
    text = html(findings=many)
    assert "30 findings; none of them stopped the run." in text
    assert text.count("<li>accounts.csv: row ") == 20
    assert "And 10 more, in plan.json." in text


def test_the_numbers_are_those_of_the_scorecard():
    """Company figures, criteria and territories on the page are the scorecard's, written out."""
    run = board_run()
    made = contents(run)
    text, card = made["report.html"].decode(), json.loads(made["scorecard.json"])
    cells = [re.sub("<.*?>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", text)]
    for name, value in card["odds"].items():
        assert odds_figure(name, value, "USD") in cells
    for row in card["criteria"]:
        assert words.figure(row["value"]) in cells
    sorts = set(re.findall(r'data-v="([^"]*)"', text))
    for row in card["territories"]:
        assert {
            f"{row[name]:.6f}".rstrip("0").rstrip(".") for name in ("quota", "p_attain", "revenue_deviation")
        } <= sorts
    largest = max(abs(row["revenue_deviation"]) for row in card["territories"])
    assert f"no territory is further than {words.percent(largest)} from its target" in text


@pytest.mark.parametrize(
    ("levels", "sentence"),
    [
        ((Level(1, 12.5, 12.0),), "within 4.2 % of a proven bound (no plan that keeps the rules has fewer than 12)."),
        ((Level(1, 12.5, None),), "how much better another could be is not proven."),
        ((Level(1, 12.5, 12.5),), "and it is proven that no plan that keeps the rules has fewer."),
        ((Level(1, 12.5, 0.0),), "and it is proven that no plan that keeps the rules has fewer than 0."),
        ((Level(1, 1.0, 1.0), Level(2, 5.0, 4.0)), "5 points for the aims of priority 2: within 25.0 % of a proven bound"),
    ],
)  # fmt: skip
def test_the_proof_is_said_as_it_is(levels, sentence):
    """A gap, no bound, a proven optimum, a bound of nothing, and two priorities."""
    assert sentence in html(result={"levels": levels})


def test_a_broken_plan_says_so_first():
    """A plan that breaks a rule has a red badge and lists what it breaks."""
    run_text = contents(broken())["report.html"].decode()
    assert "rules are broken" in run_text
    assert "Broken rules" in run_text
    assert "every hard rule holds" not in run_text


def broken():
    run = board_run(result={"status": "unknown", "reason": "none was found"})
    return dataclasses.replace(run, scorecard=dataclasses.replace(run.scorecard, breaches=("S0: too large",)))


def test_without_an_incumbent_nothing_is_compared():
    """No column for today, no view of what moved, no sentence about it."""
    text = html(incumbent=False)
    assert ">today<" not in text
    assert not [part for part in Page(text).texts if "change hands" in part or "today" in part]
    assert not data(text)["today"]
    assert "moved" not in {view["key"] for view in data(text)["views"]}


def test_the_map_holds_every_unit_and_its_two_holders():
    """36 units with plan and incumbent, six of them with an account that moves."""
    drawn = data(html())
    assert len(drawn["units"]["id"]) == 36
    assert sum(drawn["units"]["moved"]) == 6
    assert drawn["units"]["plan"] != drawn["units"]["now"]
    assert [view["key"] for view in drawn["views"]] == [
        "territory",
        "district",
        "deviation revenue",
        "odds",
        "moved",
    ]
    assert len(set(drawn["territories"]["colour"])) >= 3


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to open the page with")
def test_a_browser_draws_the_page_under_its_own_policy(tmp_path):
    """Chromium runs the map's script (the legend appears), runs nothing hostile and reports no error."""
    path = tmp_path / "report.html"
    path.write_text(html(mark=HOSTILE), encoding="utf-8")
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=2000",
    ]  # fmt: skip
    done = subprocess.run(
        [CHROMIUM, *flags, "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "Neighbouring territories differ in colour" in done.stdout.split('id="legend"')[1][:400]
    assert "CONSOLE" not in done.stderr
    assert '<option value="4">what changes hands</option>' in done.stdout
