#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures what README.md here says: ./tests/run bench [views] [idle] [poll] [--runs N] [--items N] [--keep].

ingest  a feed answers with N items over loopback; the daemon's items a second from the request to the last commit, against
        one COPY each into seen, signal and sighting of the very same rows, one transaction per 1,000, in a second database
        of the same cluster with the same schema and the same rows before it. Daemon and COPY run in turn.
poll    10,000 feeds on loopback beside curl and a bare libcurl loop, see poll.py.
idle    1,000 feeds that are not due and 100 open campaigns: VmRSS and wake-ups a minute.
book    100,000 segments in force: from rows to ready, from a row to in force, the longest pause of the loop.
day, touches, overdue: see life.py.

The cluster is private, with fsync, full_page_writes and synchronous_commit on. Bars that are missed end in exit code 1.
"""
import argparse
import sys

import book
import harness
import idle
import ingest
import life
import poll


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", nargs="*", default=[], help="views, deals (ingest of a kind that never joins, and of one that does), idle, poll, book, day, touches, overdue")
    p.add_argument("--accounts", type=int, default=100000, help="of day, touches, overdue")
    p.add_argument("--campaigns", type=int, default=100000, help="of overdue")
    p.add_argument("--segments", type=int, default=100000, help="of book")
    p.add_argument("--touches", type=int, default=20000)
    p.add_argument("--mode", action="append", choices=poll.MODES, help="of poll, more than once")
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--items", type=int, default=20000)
    p.add_argument("--batch", type=int, default=1000, help="batch.items of whynowd")
    p.add_argument("--idle-seconds", type=int, default=60)
    p.add_argument("--settle", type=int, default=15, help="seconds after the start until idle is measured")
    p.add_argument("--bin", default="build/release")
    p.add_argument("--wrap", help="put before whynowd, for profilers")
    p.add_argument("--server", default="", help="further settings of the server, separated by semicolons")
    p.add_argument("--keep", action="store_true")
    args = p.parse_args()
    parts = {"views": lambda b: ingest.run(b, "views", 0.25), "deals": lambda b: ingest.run(b, "deals", 0.25), "idle": idle.run, "poll": poll.run, "book": book.run,
             "day": life.day, "touches": life.touches, "overdue": life.overdue}
    bench = harness.Bench(args)
    try:
        bench.prepare()
        for w in args.what or parts:
            parts[w](bench)
    finally:
        bench.done()
    sys.exit(1 if bench.missed else 0)


main()
