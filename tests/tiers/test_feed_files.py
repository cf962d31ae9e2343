# SPDX-License-Identifier: MIT
"""The ready feed files read real answers as they should: `feed test` over every payload that is there."""
import json
import re
import subprocess

import pytest
from conftest import ROOT, SHARED, build

PAYLOADS = SHARED / "extraction" / "payloads"
FILES = {"greenhouse_vercel.json": "acme-jobs-greenhouse", "lever_spotify.json": "acme-jobs-lever", "ashby_linear.json": "acme-jobs-ashby",
         "workable_zaelab.json": "acme-jobs-workable", "smartrecruiters_ubisoft.json": "acme-jobs-smartrecruiters",
         "teamtailor_jsonfeed.json": "acme-jobs-teamtailor", "remoteok.json": "remoteok", "hn_who_is_hiring.json": "hn-who-is-hiring",
         "weworkremotely.rss": "weworkremotely", "github_events.json": "acme-github"}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("files")
    for folder in ("feeds.d", "sinks.d", "kinds.d", "traits.d"):
        (tmp / folder).mkdir()
    for path in (ROOT / "conf/feeds.d").glob("*.yaml"):
        text = re.sub(r"enabled: false.*", "", path.read_text()).replace("COMPANY.example", "acme.com").replace("COMPANY", "acme")
        (tmp / "feeds.d" / path.name).write_text(text)
    (tmp / "whynow.yaml").write_text(f"dirs: {{feeds: feeds.d, sinks: sinks.d, kinds: kinds.d, traits: traits.d, vendor: {ROOT}/conf, "
                                     f"extract: {ROOT}/conf/extract}}\n")
    return tmp / "whynow.yaml"


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_ready_file_reads_its_payload(config, name):
    index = PAYLOADS / "index.jsonl"
    if not index.exists():
        pytest.skip("the payloads are not there")
    want = next(row["expect"] for row in map(json.loads, index.open()) if row["file"] == name)
    done = subprocess.run([build("release") / "whynow", "--config", config, "--json", "feed", "test", PAYLOADS / name, "--feed", FILES[name]],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    got = {row["signal"]["id"]: row["signal"] for row in json.loads(done.stdout) if "signal" in row}
    for item in want:
        have = got.get(item["id"])
        assert have, f"{item['id']} is missing among {sorted(got)}"
        if "published" in item:
            assert re.sub(r"\.\d+Z$", "Z", have["occurred_at"]) == item["published"]  # to the second
        if "link" in item:
            assert have["url"] == item["link"]
        if "company" in item and have["name"]:
            assert have["name"] == item["company"]
        if "location" in item and "place" in have["attributes"]:
            assert have["attributes"]["place"] == item["location"]
