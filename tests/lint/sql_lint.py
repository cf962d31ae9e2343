#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lint over the statement catalogue lib/store/sql/*.sql (design 04, rules 2 to 4; the catalogue of tables is linted by
sql_catalogue.sql against a real cluster). Each statement has a class, in its block or in the head of its file:

  hot    carries `bucket = $n` for every bucketed table; the only one that may lock rows
  rows   one multi-row INSERT between /*rows*/ and /*end*/, bucket first
  batch  reads for many keys at once, joined on the keys given; never locks, never writes
  tick   the daemon's one statement a tick: reads
  local  tables of this database alone
  cold   operators, set-up, fsck

Prints one line a violation and exits 1."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = {"kind", "trait", "feed", "sink", "sequence", "segment", "segment_version", "pause", "fx_rate"}
LOCAL = {"schema_version", "installation", "instance", "lease", "feed_state", "feed_poll", "feed_gap", "feed_item", "outcome_inbox"}
CLASSES = {"hot", "rows", "batch", "tick", "local", "cold"}
TABLE = re.compile(r"\b(FROM|JOIN|INTO|UPDATE|USING)\s+(whynow\.)?([a-z_][a-z_0-9.]*)(\()?")
NOT_TABLES = {"unnest", "lateral", "skip", "set", "pg_roles", "pg_extension", "pg_control_system", "nothing"}


def blocks(path):
    text = path.read_text()
    head = text.split("-- name: ")[0]
    found = re.search(r"class: (\w+)", head)
    default = found.group(1) if found else None
    for part in text.split("-- name: ")[1:]:
        name, _, body = part.partition("\n")
        own = re.search(r"^-- class: (\w+)", body, re.M)
        comments = re.findall(r"^-- (.*)$", body, re.M)
        sql = re.sub(r"^--.*$", "", body, flags=re.M).strip()
        yield name.strip(), own.group(1) if own else default, sql, comments


def tables_of(sql):
    """(verb, schema-qualified?, name) of every table reference; CTEs, functions and aliases of subqueries left out."""
    sql = re.sub(r"\b(epoch|year|month|day) FROM", "", sql)
    ctes = set(re.findall(r"(?:WITH|,)\s*([a-z_]+) AS \(", sql))
    for verb, schema, name, call in TABLE.findall(sql):
        word = name.split(".")[0]
        if call or word in ctes or word in NOT_TABLES or name.startswith("pg_"):
            continue
        yield verb, bool(schema), name


def is_bucketed(name):
    return name not in REFERENCE and name not in LOCAL and not name.startswith("v_")


def check_hot(sql):
    refs = [(v, n) for v, schema, n in tables_of(sql) if schema and is_bucketed(n)]
    inserts = sum(v == "INTO" for v, _ in refs)
    if inserts and not re.search(r"INTO whynow\.\w+(?: AS \w+)? \(bucket", sql):
        yield "inserts without bucket"
    if len(re.findall(r"\bbucket = \$\d", sql)) < len(refs) - inserts:
        yield "a bucketed table without `bucket = $n`"


def check_rows(sql):
    if "/*rows*/" not in sql or "/*end*/" not in sql:
        yield "no /*rows*/ group"
    if not re.match(r"INSERT INTO whynow\.\w+(?: AS \w+)? \(bucket,", sql):
        yield "is no INSERT that starts with bucket"
    if re.search(r"\bSELECT\b|\bunnest\b", sql):
        yield "selects"
    if "'" in sql.split("/*end*/")[0].split("/*rows*/")[-1]:
        yield "quotes inside the group"


def check_reads(sql):
    if re.search(r"\b(INSERT|UPDATE|DELETE)\b", sql):
        yield "writes"
    for verb, schema, name in tables_of(sql):
        if verb == "JOIN" and schema and is_bucketed(name) and "bucket" not in sql:
            yield "joins without bucket"


CHECKS = {"hot": check_hot, "rows": check_rows, "batch": check_reads, "tick": check_reads}
VOLATILE = re.compile(r"\b(clock_timestamp|statement_timestamp|timeofday|random|gen_random_uuid|nextval|setval|now|current_timestamp)\s*\(")


def check_all(name, klass, sql):
    if klass not in CLASSES:
        yield f"has no class, or an unknown one ({klass})"
        return
    yield from CHECKS.get(klass, lambda s: ())(sql)
    if re.search(r"FOR (NO KEY )?(UPDATE|SHARE)", sql) and klass != "hot":
        yield "locks rows and is not hot"
    if re.search(r"\bMERGE\b|\bLISTEN\b|pg_advisory_lock\(|^SET (?!LOCAL)", sql, re.M):
        yield "MERGE, LISTEN, session lock or session setting"
    writes = re.search(r"\b(UPDATE|DELETE FROM)\b", re.sub(r"FOR (NO KEY )?UPDATE|DO UPDATE", "", sql))
    if writes and (VOLATILE.search(sql) or re.search(r"[+-]\s*(interval|'\d+ \w+'::interval)", sql)) and name != "grants":
        yield "UPDATE or DELETE with a function of the clock: compute it and bind it"
    if klass != "cold" and VOLATILE.search(sql) and klass != "tick":
        yield "asks the server for the time or for chance"
    if re.search(r"INSERT INTO whynow\.\w+[^;]*\bunnest\(", sql) and not name.startswith("fsck"):
        yield "inserts from unnest"
    for verb, schema, table in tables_of(sql):
        if not schema and name != "grants" and not re.search(rf"\b{re.escape(table)}\b\s*(\(|,|$)", "unnest lateral"):
            yield f"table {table} is not schema-qualified"


def main():
    wrong, seen, code = [], {}, "".join(p.read_text() for p in (ROOT / "lib/store").glob("*.c"))
    for path in sorted((ROOT / "lib/store/sql").glob("*.sql")):
        for name, klass, sql, comments in blocks(path):
            where = f"{path.relative_to(ROOT)}: {name}"
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                wrong.append(f"{where}: bad name")
            if name in seen:
                wrong.append(f"{where}: also in {seen[name]}")
            seen[name] = path.name
            wrong += [f"{where}: {w}" for w in check_all(name, klass, sql)]
            if not name.startswith(("read_", "fsck_")) and f"wn_sql_{name}" not in code:
                wrong.append(f"{where}: used nowhere")
            if name.startswith("fsck_") and not comments:
                wrong.append(f"{where}: no sentence")
    for use in sorted(set(re.findall(r"\bwn_sql_([a-z0-9_]+)\b", code))):
        if use not in seen and use != "":
            wrong.append(f"lib/store: wn_sql_{use} has no statement")
    if wrong:
        print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
