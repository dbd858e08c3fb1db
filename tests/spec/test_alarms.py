"""The rules that Prometheus loads are the alarms of §8.7, of metrics that the servers have."""

from __future__ import annotations

import re
import shutil
import subprocess

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

import escrow.housekeeping  # noqa: F401  has the parties' metrics
import venue.duty  # noqa: F401  has the venues'
from service.monitoring import SECONDS
from tests.spec.text import ROOT, table

FILE = ROOT / "containers" / "alarms.yml"
RULES = [rule for group in yaml.safe_load(FILE.read_text("utf-8"))["groups"] for rule in group["rules"]]
EXPRESSIONS = [rule["expr"] for rule in RULES]
SAMPLES = re.compile("(?:_bucket|_sum|_count)(?![a-z])")


def test_each_alarm_is_there_and_each_metric_exists() -> None:
    used = {SAMPLES.sub("", name) for text in EXPRESSIONS for name in re.findall("splitpass_[a-z_]+", text)}
    assert used == {row["metric"] for row in table("metrics")}
    families = [family for family in REGISTRY.collect() if family.name.startswith("splitpass_")]
    assert used == {family.name + {"counter": "_total", "info": "_info"}.get(family.type, "") for family in families}
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    assert all(rule["annotations"]["summary"] for rule in RULES)


@pytest.mark.parametrize("row", table("metrics"), ids=lambda row: str(row["metric"]))
def test_an_alarm_has_the_numbers_of_the_chapter(row: dict[str, str]) -> None:
    """What is compared with a number is compared with the same one."""
    rules = " ".join(rule["expr"] for rule in RULES if row["metric"] in SAMPLES.sub("", rule["expr"]))
    for sign, number in re.findall(r"([<>]|above) (\d+)(?! %| of)", row["alarm"]):
        assert re.search(rf"{'>' if sign == 'above' else sign} {number}\b", rules), (sign, number)
    for status in re.findall(r'status="\d+"', row["alarm"]):
        assert status in rules


def test_a_time_that_alarms_can_be_told_from_a_shorter_one() -> None:
    """A histogram knows nothing above its last border, nor between two."""
    (quantiles) = [re.search(r"> (\d+)$", text) for text in EXPRESSIONS if text.startswith("histogram_quantile")]
    assert len(quantiles) == 2
    for found in quantiles:
        assert found is not None
        assert float(found[1]) in SECONDS[:-1]


def test_prometheus_reads_them() -> None:
    """Each expression is one of its language; where its own `promtool` is installed, it reads the whole file."""
    for text in EXPRESSIONS:
        promql_parser.parse(text)
    with pytest.raises(ValueError, match="invalid promql"):
        promql_parser.parse("splitpass_up ==")
    promtool = shutil.which("promtool")
    if promtool is not None:
        done = subprocess.run([promtool, "check", "rules", FILE], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
