"""The command line: answers, exit codes, and nothing written where something is wrong."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner
from scenario_copy import SCENARIOS, TINY, copied, files_in
from test_run import nothing_found

from spm_opt.cli import main
from spm_opt.report.overlay_files import MEMBERS, SIZES
from spm_opt.report.report import NAMES, contents
from spm_opt.run import run as whole

COMMANDS = ("run", "check", "align", "simulate", "quota", "score", "report", "init", "compare", "metrics")
ERROR_AT_ROW_3 = b"id,name,x,y,segment,seller,workload,potential,revenue\na,Alder,5,5,,West,1,1,1\n"


def call(*arguments):
    """Call the command line in this process."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


def spawned(*arguments, **options):
    """Start the command line as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "spm_opt", *(str(one) for one in arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """Folder of a plan of tiny that one run has written."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    assert call("run", TINY, "--out", folder, "--effort", "quick").exit_code == 0
    return folder


@pytest.fixture
def edited(plan, tmp_path):
    """Copy the plan, to be edited."""
    return shutil.copytree(plan, tmp_path / "edited")


def edit(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


# ---- what is printed -------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    """Help comes with -h and --help, and is a sentence at least."""
    short, long = call(command, "-h"), call(command, "--help")
    assert short.exit_code == 0
    assert short.stdout == long.stdout
    assert short.stdout.startswith("Usage:")


def test_main_help_names_every_command_and_exit_code():
    """The first screen lists the commands and what exit codes mean."""
    text = call("--help").stdout
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert "130 interrupted" in text
    assert call("--version").stdout.startswith("spm-opt, version ")


def test_help_imports_nothing_heavy():
    """Neither help nor the front door waits for maps, tables and solvers."""
    code = (
        "import sys, spm_opt, spm_opt.cli\n"
        "try: spm_opt.cli.main(['run', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'geopandas', 'ortools', 'pandas', 'numpy', 'scipy', 'numba', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_run_writes_the_folder_and_says_what_came_out(plan):
    """All files of a report and the timings are there; results are on stdout, progress on stderr."""
    assert sorted(path.name for path in plan.iterdir()) == sorted([*NAMES, "timings.json"])
    assert set(json.loads((plan / "timings.json").read_text())) == {
        "load", "check", "align", "simulate", "quota", "score", "report",
    }  # fmt: skip
    answer = call("run", TINY, "--out", plan, "--effort", "quick")
    assert "every hard rule holds" in answer.stdout
    assert str(plan) in answer.stdout
    assert [line.split()[0] for line in answer.stderr.splitlines()] == [
        "load", "check", "align", "simulate", "quota", "score", "report",
    ]  # fmt: skip


def test_a_folder_is_chosen_by_the_scenario_s_name(tmp_path, monkeypatch):
    """Without --out and --plan, everything happens in runs/NAME where one stands."""
    monkeypatch.chdir(tmp_path)
    scenario = copied(tmp_path / "mine")
    assert call("align", scenario / "scenario.toml", "--effort", "quick").exit_code == 0
    assert (tmp_path / "runs" / "mine" / "accounts.csv").is_file()
    monkeypatch.chdir(scenario)
    assert call("align", ".", "--effort", "quick").exit_code == 0
    assert (scenario / "runs" / "mine" / "plan.json").is_file()


@pytest.mark.parametrize(
    ("command", "options", "keys"),
    [
        ("run", ("--out",), {"folder", "files", "plan", "scorecard"}),
        ("check", (), {"errors", "warnings", "findings"}),
        ("align", ("--out",), {"folder", "files", "plan", "scorecard"}),
        ("simulate", ("--plan",), {"alignment", "replications", "seed", "sales", "parameters"}),
        ("simulate", ("--today",), {"alignment", "replications", "seed", "sales", "parameters"}),
        ("quota", ("--plan",), {"alignment", "target", "quotas", "nodes"}),
        ("quota", ("--today", "--audit"), {"alignment", "target", "quotas", "nodes", "audit", "backtest"}),
        ("score", ("--plan",), {"odds", "criteria", "territories", "breaches"}),
        ("report", ("--plan",), {"folder", "files"}),
    ],
)
def test_json_is_one_document_on_stdout(command, options, keys, edited):
    """With --json, stdout is one JSON document and nothing else; without, the same comes as text."""
    words = [word for one in options for word in ((one, edited) if one in {"--out", "--plan"} else (one,))]
    answer = call(command, TINY, *words, "--json")
    document = json.loads(answer.stdout)
    assert document.keys() == {"status", "exit_code"} | keys
    assert (document["status"], document["exit_code"], answer.exit_code) == ("done", 0, 0)
    text = call(command, TINY, *words)
    assert text.exit_code == 0
    assert text.stdout
    assert not text.stdout.startswith("{")


def test_simulated_sales_add_up(plan):
    """The mean of the company is the sum of the territories' means; today's year is another."""
    rows = json.loads(call("simulate", TINY, "--plan", plan, "--json").stdout)["sales"]
    mean = {row["territory"]: row["mean"] for row in rows}
    assert mean["company"] == pytest.approx(mean["East"] + mean["West"])
    today = json.loads(call("simulate", TINY, "--today", "--json").stdout)["sales"]
    assert {row["territory"]: row.get("last_year") for row in today}["West"] == 900_000


def test_quotas_of_today_follow_today_s_potential():
    """Today West has 90 of 160 thousand of potential: 945,000 of 1,680,000."""
    rows = json.loads(call("quota", TINY, "--today", "--json").stdout)["quotas"]
    assert {row["territory"]: row["quota"] for row in rows} == {"East": 735_000, "West": 945_000}


def test_an_audit_without_history_says_why_there_is_no_back_test():
    """Quotas are audited without history, too; the missing back-test is explained, to people and programs."""
    answer = call("quota", SCENARIOS / "impossible", "--today", "--audit")
    assert answer.exit_code == 0
    assert "Fairness of the quotas: 2 sellers compared" in answer.stdout
    why = "it needs two years of history, and there are 0 months"
    assert answer.stdout.endswith(f"No back-test: {why}\n")
    document = json.loads(call("quota", SCENARIOS / "impossible", "--today", "--audit", "--json").stdout)
    assert document["backtest"] == {"why_not": why}
    assert document["audit"]["tests"] == []


# ---- a plan read back ------------------------------------------------------------------------------


def test_report_rewrites_the_same_bytes(plan, edited, tmp_path):
    """From an unedited plan, report writes every file as run did; also to another folder."""
    (edited / "report.html").unlink()
    assert call("report", TINY, "--plan", edited).exit_code == 0
    assert files_in(edited) == files_in(plan)
    assert call("report", TINY, "--plan", plan, "--out", tmp_path / "other").exit_code == 0
    assert files_in(tmp_path / "other") == files_in(plan)


def test_a_stored_center_and_units_without_accounts_come_back(tmp_path):
    """What accounts.csv cannot say, chosen centers and empty units, is kept in plan.json."""
    centers = ('kind = "dispersion"', 'kind = "dispersion"\ncenter = "chosen"')
    scenario = copied(tmp_path / "tiny", scenario__toml=centers)
    accounts = (scenario / "accounts.csv").read_text(encoding="utf-8").splitlines()
    (scenario / "accounts.csv").write_text("\n".join(accounts[:-2] + accounts[-1:]) + "\n", encoding="utf-8")
    for table, lines in (("history.csv", 2), ("pipeline.csv", 0)):
        rows = (scenario / table).read_text(encoding="utf-8").splitlines()
        kept = [row for row in rows if not row.startswith("e,")]
        assert len(rows) - len(kept) == lines
        (scenario / table).write_text("\n".join(kept) + "\n", encoding="utf-8")
    text = (
        (scenario / "scenario.toml")
        .read_text(encoding="utf-8")
        .replace("tolerance = 0.10", "tolerance = 0.50")
    )
    (scenario / "scenario.toml").write_text(text, encoding="utf-8")
    made = call("run", scenario, "--out", tmp_path / "plan")
    assert made.exit_code == 0, made.stderr
    known = json.loads((tmp_path / "plan" / "plan.json").read_text(encoding="utf-8"))
    assert known["units_without_accounts"].keys() == {"E"}
    assert known["centers"].keys() == {"East", "West"}
    before = files_in(tmp_path / "plan")
    assert call("report", scenario, "--plan", tmp_path / "plan").exit_code == 0
    assert files_in(tmp_path / "plan") == before


def test_stage_by_stage_comes_to_the_run(plan, tmp_path):
    """align, quota --out and report one after the other write what run writes at once."""
    folder = tmp_path / "steps"
    assert call("align", TINY, "--out", folder, "--effort", "quick").exit_code == 0
    assert sorted(files_in(folder)) == ["accounts.csv", "plan.json", "territories.csv"]
    assert call("score", TINY, "--plan", folder).exit_code == 0
    assert call("quota", TINY, "--plan", folder, "--out", folder).exit_code == 0
    assert call("report", TINY, "--plan", folder).exit_code == 0
    assert files_in(folder) == files_in(plan)


def test_an_edited_plan_that_breaks_a_rule_is_called_broken(edited):
    """C goes back to West: potential is 110 and 50 around a mean of 80; exit code 1, and a report of it."""
    edit(edited, "accounts.csv", "c,C,East,Emil Novak", "c,C,West,Emil Novak")
    answer = call("score", TINY, "--plan", edited, "--json")
    document = json.loads(answer.stdout)
    assert (answer.exit_code, document["status"]) == (1, "broken")
    assert any("West: potential 110,000" in text for text in document["breaches"])
    assert "the plan breaks hard rules" in answer.stderr
    assert call("report", TINY, "--plan", edited).exit_code == 1
    known = json.loads((edited / "plan.json").read_text(encoding="utf-8"))
    assert (known["status"], known["repeatable"]) == ("unknown", False)
    assert known["method"].endswith("; edited since")
    assert call("simulate", TINY, "--plan", edited).exit_code == 1


def test_an_edited_plan_is_called_edited_and_not_cut_by_the_clock(edited, tmp_path):
    """What the command line and the page say of a plan that a person has changed, also when read again."""
    edit(edited, "accounts.csv", "c,C,East,Emil Novak", "c,C,West,Emil Novak")
    for folder in (edited, tmp_path / "again"):
        answer = call("report", TINY, "--plan", edited, "--out", folder)
        assert "hard rules are BROKEN; edited since" in answer.stdout
        assert "time limit" not in answer.stdout
        page = (folder / "report.html").read_text(encoding="utf-8")
        assert "edited since" in page
        assert "time limit" not in page
        assert "no valid plan" not in page


def test_a_plan_for_other_input_is_called_so(edited, tmp_path):
    """A plan that is judged by settings that have changed since has no proof any more, and says why."""
    scenario = copied(tmp_path / "mine")
    edit(scenario, "scenario.toml", 'name = "Tiny"', 'name = "Tiny again"')
    answer = call("score", scenario, "--plan", edited)
    assert "feasible: every hard rule holds; made from other input" in answer.stdout
    assert "no bound proven" in answer.stdout


def test_an_account_without_a_territory_breaks_a_rule(edited):
    """Emptying a cell leaves an account with nobody."""
    edit(edited, "accounts.csv", "c,C,East,", "c,C,,")
    answer = call("score", TINY, "--plan", edited)
    assert answer.exit_code == 1
    assert "c: account with no territory" in answer.stdout


def test_edited_quotas_that_do_not_add_up_are_called_broken(edited):
    """840,000 for West become 841,000: its sums no longer agree."""
    lines = (edited / "quotas.csv").read_text(encoding="utf-8").splitlines()
    lines = [line.replace("840000.00", "841000.00") if "West" in line else line for line in lines]
    (edited / "quotas.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    answer = call("score", TINY, "--plan", edited, "--json")
    assert answer.exit_code == 1
    assert any("off by -1,000" in text for text in json.loads(answer.stdout)["breaches"])


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("accounts.csv", "c,C,East", "c,C,Eastt", 'row 4, column "territory": unknown territory (found \'Eastt\')'),
        ("accounts.csv", "\nc,C", "\nb,C", 'row 4, column "account": account more than once'),
        ("accounts.csv", "\nc,C", "\nz,C", "unknown account (found 'z')"),
        ("accounts.csv", "account,unit", "account,place", "no column unit"),
        ("quotas.csv", "territory,West", "territory,Wst", "unknown territory (found 'Wst')"),
        ("plan.json", '"effort": "quick"', '"effort": "slow"', "is no plan of spm-opt"),
        ("plan.json", "{\n", "{\n,", "cannot be read"),
    ],
)  # fmt: skip
def test_a_folder_that_holds_another_plan_is_refused(edited, name, old, new, message):
    """What cannot be a plan of this scenario is said with its place, exit code 2, and nothing changes."""
    path = edited / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    before = files_in(edited)
    for command in ("score", "report"):
        answer = call(command, TINY, "--plan", edited)
        assert answer.exit_code == 2, answer.output
        assert message in answer.stderr
    assert files_in(edited) == before


def test_a_proof_counts_only_for_the_input_it_was_made_for(edited, tmp_path):
    """The same plan for another scenario.toml is feasible, with no bound; quotas are those of the folder."""
    other = copied(tmp_path / "tiny", scenario__toml=("weight = 0.1", "weight = 0.2"))
    assert call("report", other, "--plan", edited).exit_code == 0
    known = json.loads((edited / "plan.json").read_text(encoding="utf-8"))
    assert (known["status"], known["lower_bound"], known["repeatable"]) == ("feasible", None, False)
    assert known["objective"] == pytest.approx(40 / 6 + 6.25, abs=1e-6)


def test_a_plan_that_is_not_there_is_asked_for(tmp_path, monkeypatch):
    """Without a plan the commands that need one say how to make it; --plan and --today exclude each other."""
    monkeypatch.chdir(tmp_path)
    for command in ("simulate", "quota", "score", "report"):
        answer = call(command, TINY)
        assert answer.exit_code == 2
        assert f"spm-opt run {TINY}" in answer.stderr
    assert call("simulate", TINY, "--today", "--plan", tmp_path).exit_code == 2
    assert list(tmp_path.iterdir()) == []


# ---- what goes wrong -------------------------------------------------------------------------------

WRONG = {
    "unknown key": (2, {"scenario__toml": ('tolerance = 0.10\n\n[[criteria]]\nkind = "contiguity"',
                                           'tolerence = 0.10\n\n[[criteria]]\nkind = "contiguity"')},
                    "scenario.toml:", "Maybe: tolerance"),
    "no TOML": (2, {"scenario__toml": ("[quota]", "[quota")}, "not TOML", ""),
    "wrong word": (2, {"scenario__toml": ('by = "geography"', 'by = "geografy"')}, "Maybe: geography", ""),
    "wrong type": (3, {"accounts__csv": ("East,100,30000,300000", "East,many,30000,300000")}, 'column "workload"', "'many'"),
    "negative": (3, {"accounts__csv": ("East,100,30000,300000", "East,-100,30000,300000")}, 'column "workload"', "-100"),
    "missing column": (3, {"accounts__csv": ("workload", "work")}, "missing column", "workload"),
    "duplicate id": (3, {"sellers__csv": ("East,Emil", "West,Emil")}, "duplicate id", "West"),
    "unknown seller": (3, {"accounts__csv": ("f,Fir Forge,25,15,industry,East", "f,Fir Forge,25,15,industry,Eastt")},
                       "unknown seller", "Maybe: East"),
    "empty file": (3, {"accounts__csv": b""}, "accounts.csv", "empty"),
    "missing file": (3, {"history__csv": None}, "history.csv", ""),
    "wrong encoding": (3, {"accounts__csv": "id,name\na,Søren\n".encode("cp1252")}, "accounts.csv", "utf-8"),
    "broken polygon": (3, {"units__geojson": ("[[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]", "[]")},
                       "units.geojson", "'A'"),
    "outside the map": (3, {"accounts__csv": ("f,Fir Forge,25,15", "f,Fir Forge,95,15")}, "accounts.csv: row 7", ""),
    "clashing quotas": (4, {"scenario__toml": ("step = 1_000", "step = 1_000\ncap = 800_000")}, "quota.cap = 800,000 (East, West): 840,000 would do", "1,600,000 would do"),
    "no alignment": (4, {"scenario__toml": ("limit = 0.40", "limit = 0.10")}, "infeasible", "proven"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_said_and_nothing_is_written(case, tmp_path):
    """Each kind of fault gives its located message and exit code, as text and as JSON, and no file."""
    code, edits, *messages = WRONG[case]
    scenario = copied(tmp_path / "tiny", **edits)
    before = sorted(tmp_path.rglob("*"))
    answer = call("run", scenario, "--out", tmp_path / "out", "--json")
    assert answer.exit_code == code, answer.output
    assert all(message.casefold() in answer.stderr.casefold() for message in messages), answer.stderr
    assert "Traceback" not in answer.stderr
    document = json.loads(answer.stdout)
    assert document["exit_code"] == code
    assert document["status"] == {2: "usage", 3: "input", 4: "infeasible"}[code]
    assert document["findings" if code == 3 else "messages"]
    assert sorted(tmp_path.rglob("*")) == before
    text = call("run", scenario, "--out", tmp_path / "out")
    assert (text.exit_code, text.stdout) == (code, "")


def test_check_shows_findings_with_exit_code_3(tmp_path):
    """Errors and warnings are listed and counted on stdout."""
    scenario = copied(tmp_path / "tiny", accounts__csv=("East,100,30000,300000", "East,many,-1,300000"))
    answer = call("check", scenario)
    assert answer.exit_code == 3
    assert answer.stdout.splitlines()[-1] == "2 errors, 0 warnings"
    document = json.loads(call("check", scenario, "--json").stdout)
    assert (document["status"], document["errors"], len(document["findings"])) == ("input", 2, 2)
    assert document["findings"][0].keys() >= {"file", "row", "column", "value", "expected", "suggestion"}
    assert call("check", TINY).stdout == "6 accounts in 6 units, 2 territories: 0 errors, 0 warnings\n"


def test_no_plan_found_is_exit_code_5(tmp_path, monkeypatch):
    """The nearest try's broken rules are named, and nothing is written."""
    monkeypatch.setitem(whole.__globals__, "align", nothing_found)
    for command in ("run", "align"):
        answer = call(command, TINY, "--out", tmp_path / "out", "--json")
        document = json.loads(answer.stdout)
        assert (answer.exit_code, document["status"]) == (5, "unknown")
        assert document["breaches"] == ["West: too much"]
        assert "West: too much" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_usage_errors_are_exit_code_2(tmp_path):
    """Unknown commands, options and words are refused by name."""
    assert call("slove", TINY).exit_code == 2
    assert call("run", TINY, "--effort", "heroic", "--out", tmp_path / "out").exit_code == 2
    assert call("run", TINY, "--time-limit", "0", "--out", tmp_path / "out").exit_code == 2
    assert call("run", tmp_path / "none", "--out", tmp_path / "out").exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_an_output_folder_that_cannot_be_is_exit_code_2(tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    answer = call("align", TINY, "--out", tmp_path / "out" / "deeper")
    assert answer.exit_code == 2
    assert "cannot write" in answer.stderr
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_a_scenario_is_not_overwritten_by_its_plan(tmp_path):
    """A plan's accounts.csv must not replace the scenario's: exit code 2, and nothing changes."""
    scenario = copied(tmp_path / "tiny")
    before = files_in(scenario)
    for command in ("run", "align", "quota", "report"):
        answer = call(command, scenario, "--out", scenario)
        assert answer.exit_code == 2
        assert "is a scenario's folder" in answer.stderr
    assert files_in(scenario) == before


def test_a_fault_of_the_program_is_no_traceback(tmp_path, monkeypatch):
    """What nobody foresaw is one message, and in full only on request."""

    def broken(*_, **__):
        raise ZeroDivisionError("sum of nothing")

    monkeypatch.setitem(whole.__globals__, "align", broken)
    answer = call("run", TINY, "--out", tmp_path / "out")
    assert answer.exit_code == 70
    assert "ZeroDivisionError: sum of nothing" in answer.stderr
    monkeypatch.setenv("SPM_OPT_TRACEBACK", "1")
    assert isinstance(call("run", TINY, "--out", tmp_path / "out").exception, ZeroDivisionError)


def test_an_interrupt_is_exit_code_130(tmp_path, monkeypatch):
    """Ctrl-C within a stage ends with 130 and leaves nothing."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    for stage in ("align", "simulate", "score"):
        with monkeypatch.context() as patched:
            patched.setitem(whole.__globals__, stage, interrupted)
            answer = call("run", TINY, "--out", tmp_path / "out", "--json")
        assert answer.exit_code == 130
        assert json.loads(answer.stdout)["status"] == "interrupted"
    assert list(tmp_path.iterdir()) == []


def test_a_reader_who_goes_away_gets_no_traceback():
    """As with ``| head -1``: the pipe is closed before the first line."""
    process = spawned("check", TINY)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == 0
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


# ---- init, and the same bytes ----------------------------------------------------------------------


def test_init_writes_a_scenario_that_runs(tmp_path):
    """The first scenario has no findings and a plan; a folder that holds something is refused."""
    assert call("init", tmp_path / "first").exit_code == 0
    assert "0 errors, 0 warnings" in call("check", tmp_path / "first").stdout
    made = call("run", tmp_path / "first", "--out", tmp_path / "out")
    assert made.exit_code == 0, made.stderr
    before = files_in(tmp_path / "first")
    again = call("init", tmp_path / "first")
    assert again.exit_code == 2
    assert files_in(tmp_path / "first") == before
    (tmp_path / "empty").mkdir()
    assert json.loads(call("init", tmp_path / "empty", "--json").stdout)["files"] == sorted(before)


def test_the_library_writes_what_the_command_writes(plan):
    """run() as a function has the very files of the command."""
    assert dict(contents(whole(TINY, effort="quick"))) == files_in(plan)


def fresh(name, folder, seed):
    """Start a quick run of a scenario with a hash seed of its own."""
    return spawned(
        "run",
        SCENARIOS / name,
        "--effort",
        "quick",
        "--out",
        folder,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )


def test_a_fresh_process_writes_the_same_bytes(plan, tmp_path):
    """A process with another hash seed writes the files of this one, all but the timings."""
    _, errors = fresh("tiny", tmp_path / "1", "1").communicate(timeout=120)
    assert files_in(tmp_path / "1") == files_in(plan), errors
    assert sorted(files_in(plan)) == sorted(NAMES)


def test_the_same_scenario_seed_and_effort_give_the_same_bytes(tmp_path):
    """Two fresh processes with other hash seeds write the same files, all but the timings."""
    for process in [fresh("saas_named", tmp_path / seed, seed) for seed in ("1", "4242")]:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert files_in(tmp_path / "1") == files_in(tmp_path / "4242")
    assert sorted(files_in(tmp_path / "1")) == sorted((*NAMES, MEMBERS, SIZES))


def test_the_program_can_be_called_as_a_module():
    """``python -m spm_opt`` is ``spm-opt``."""
    process = spawned("--version")
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, call("--version").stdout)
