"""The cross-checks: what tables and settings say against each other."""

import pytest
from scenario_folder import ACCOUNTS, HISTORY, SELLERS, SETTINGS, spoilt, write_scenario

from spm_opt.scenario.check import check
from spm_opt.scenario.load import load


def found(folder, criteria="", **parts):
    """Every finding of a scenario with some criteria."""
    parts["settings"] = parts.get("settings", SETTINGS) + criteria
    return list(check(load(write_scenario(folder, **parts))))


REFERENCES = [
    ('kind = "balance"\nactivity = "workloud"', "unknown activity", "criteria.1.activity", "workload", 25),
    ('kind = "balance"\nactivity = "workload"\nwithin = "regoin"', "unknown level", "criteria.1.within", "region", 26),
    ('kind = "disruption"\nof = "revenu"', "unknown activity", "criteria.1.of", "revenue", 25),
    ('kind = "pairs"\nforbidden = [["a1", "s1"],\n["a1", "s22"]]', "unknown seller", "criteria.1.forbidden.2.2", "s2", 26),
    ('kind = "pairs"\nprescribed = [["a11", "s1"]]', "unknown account or unit", "criteria.1.prescribed.1.1", "a1", 25),
    ('kind = "apart"\napart = [["a1", "a2"],\n["a1", "a33"]]', "unknown account or unit", "criteria.1.apart.2.2", "a3", 26),
    ('kind = "segments"\nsegment = "lab"\nlower = 1', "unknown segment", "criteria.1.segment", "", 25),
]  # fmt: skip


@pytest.mark.parametrize(("criterion", "rule", "key", "near", "line"), REFERENCES)
def test_a_name_that_nothing_has_is_located_in_the_settings(tmp_path, criterion, rule, key, near, line):
    """A criterion that names an unknown activity, level, account or seller: line, key and nearest name."""
    (finding,) = found(tmp_path, f"[[criteria]]\n{criterion}\n")
    assert (finding.severity, finding.rule, finding.file) == ("error", rule, "scenario.toml")
    assert (finding.row, finding.column, finding.suggestion) == (line, key, near)
    assert str(finding).startswith(f"scenario.toml:{line}: {key}: {rule} (found ")


def test_quotas_follow_only_measures_that_exist(tmp_path):
    """An unknown key of mix, and a pipeline that is not there, are errors."""
    settings = SETTINGS + "mix = {workload = 1, potental = 1, pipeline = 1}\n"
    settings = spoilt(settings, '[tables.pipeline]\npath = "pipeline.csv"\n', "")
    findings = found(tmp_path, settings=settings)
    assert [(one.rule, one.column) for one in findings] == [
        ("quota follows the pipeline, but there is none", "quota.mix.pipeline"),
        ("unknown measure", "quota.mix.potental"),
    ]


def test_last_years_sales_must_be_known_from_somewhere(tmp_path):
    """Neither history nor a revenue activity is an error; a revenue activity that is none too."""
    bare = spoilt(SETTINGS, ', revenue = "USD"', "")
    (finding,) = found(tmp_path, settings=spoilt(bare, '[tables.history]\npath = "history.csv"\n', ""))
    assert finding.rule.startswith("last year's sales are not known")
    (finding,) = found(
        tmp_path, settings=spoilt(SETTINGS, "[simulate.win", '[simulate]\nrevenue = "revenu"\n[simulate.win')
    )
    assert (finding.rule, finding.suggestion, finding.row) == ("unknown activity", "revenue", 18)


@pytest.mark.parametrize("key", ["potential", "workload"])
def test_an_activity_that_the_simulation_is_told_to_take_must_be_there(tmp_path, key):
    """A name that no activity has is an error at its line: it would switch a part of the year off unseen."""
    settings = spoilt(SETTINGS, "[simulate.win", f'[simulate]\n{key} = "{key}s"\n[simulate.win')
    (finding,) = found(tmp_path, settings=settings)
    assert (finding.rule, finding.value, finding.column, finding.row) == (
        "unknown activity", f"{key}s", f"simulate.{key}", 18,
    )  # fmt: skip


def test_balance_needs_the_level_and_the_capacity_it_goes_by(tmp_path):
    """A seller without a region, where regions are compared, and one without capacity: located errors."""
    criteria = (
        '[[criteria]]\nkind = "balance"\nactivity = "workload"\nwithin = "region"\ntarget = "capacity"\n'
    )
    findings = found(tmp_path, criteria, sellers=spoilt(SELLERS, "lab,West", "lab,"))
    assert [(one.rule, one.row, one.column) for one in findings] == [
        ("no capacity", 3, "capacity"), ("no region", 3, "region"),
    ]  # fmt: skip


def test_a_skill_that_no_seller_has_is_an_error_where_skills_count(tmp_path):
    """With the criterion it is an error at the account; without, one warning that skills do nothing."""
    text = (
        ACCOUNTS.replace("seller,", "seller,skills,").replace(",s1,", ",s1,,").replace(",s2,", ",s2,lab;icv,")
    )
    (finding,) = found(tmp_path, '[[criteria]]\nkind = "skills"\n', accounts=text)
    assert (finding.severity, finding.row, finding.value, finding.suggestion) == (
        "error",
        4,
        "icv;lab",
        "icu",
    )
    (finding,) = found(tmp_path, accounts=text)
    assert (finding.severity, finding.rule) == (
        "warning",
        "skills do not matter: no criterion asks for skills",
    )


def test_a_locked_account_needs_a_seller(tmp_path):
    """A lock with nobody to be locked to is an error at its row."""
    text = ACCOUNTS.replace("seller,", "seller,locked,").replace(",s1,", ",s1,,").replace(",s2,", ",,yes,")
    criteria = '[[criteria]]\nkind = "pairs"\n'
    findings = [one for one in found(tmp_path, criteria, accounts=text) if one.severity == "error"]
    assert [(one.rule, one.row) for one in findings] == [("locked account without a seller", 4)]


def test_odd_but_possible_input_is_a_warning(tmp_path):
    """A lone parent, an idle seller, an empty position and history of the planned year do not stop the run."""
    accounts = (
        ACCOUNTS.replace("id,name,", "id,name,parent,")
        .replace("Alpha,", "Alpha,p9,")
        .replace("Beta,", "Beta,a1,")
    )
    accounts = accounts.replace("Gamma,", "Gamma,,")
    findings = found(
        tmp_path, accounts=accounts, sellers=SELLERS + "s3,,,,,East\n", history=HISTORY + "a3,2026-Q1,1\n"
    )
    assert [(one.severity, one.rule, one.row) for one in findings] == [
        ("warning", "parent that is no account and that no other account has", 2),
        ("warning", "periods in or after the planned year are not used", 0),
        ("warning", "seller without any account", 4),
        ("warning", "vacant position without a start", 4),
    ]


def test_parents_that_several_accounts_share_are_families(tmp_path):
    """A parent that is no account but that two accounts have is a name of their family, and fine."""
    accounts = (
        ACCOUNTS.replace("id,name,", "id,name,parent,")
        .replace("Alpha,", "Alpha,HCA,")
        .replace("Beta,", "Beta,HCA,")
    )
    assert not found(tmp_path, accounts=accounts.replace("Gamma,", "Gamma,,"))


def test_a_broken_row_is_not_judged_again(tmp_path):
    """A row with too many fields gives one finding, though its cells are shifted."""
    findings = found(tmp_path, accounts=spoilt(ACCOUNTS, "a3,Gamma", "a3,Gamma, Inc"))
    assert [one.rule for one in findings if one.severity == "error"] == ["wrong number of fields"]


def test_a_table_that_cannot_be_read_casts_no_doubt_on_others(tmp_path):
    """With the accounts unreadable, history and pipeline are not said to name unknown accounts."""
    findings = found(tmp_path, accounts=b"id,workload,revenue\n\xff,1,1\n")
    assert [one.rule for one in findings if one.severity == "error"] == ["wrong encoding"]


def test_planted_errors_among_many_rows_are_found_exactly(tmp_path):
    """Of 20,000 rows the five planted errors are found, and nothing else."""
    rows = [f"a{i:05d},N,-90,40,s{i % 2 + 1},{i % 7 + 1}.5,{i}" for i in range(20_000)]
    rows[15] = "a00015,N,-90,40,s1,12x,1"
    rows[500] = "a00500,N,-90,40,s7,1,1"
    rows[700] = "a00007,N,-90,40,s1,1,1"
    rows[900] = "a00900,N,-90,40,s1,-3,1"
    rows[19_999] = "a19999,N,-90,40,s1"
    settings = SETTINGS[: SETTINGS.index("[tables.history]")] + "[quota]\ngrowth = 0\n"
    text = ACCOUNTS.splitlines()[0] + "\n" + "\n".join(rows) + "\n"
    findings = found(tmp_path, settings=settings, accounts=text)
    assert sorted((one.row, one.rule) for one in findings) == [
        (17, "not a number"), (502, "unknown seller"), (702, "duplicate id"), (902, "negative"),
        (20_001, "wrong number of fields"),
    ]  # fmt: skip
