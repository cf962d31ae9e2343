#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the conformance cases of a folder against the harness programs of a build.

    run.py --cases DIR --bin BUILD_DIR [--failures FILE] [--only MODULE]

Every check_NAME.py beside this file gives `run(cases_dir, bin_dir)`: an iterable of (folder, tier, name, passed,
detail). A module whose folder or program is missing yields nothing. One line `FOLDER TIER passed/total` is printed for
each pair; failures go to a file, one a line. There is no bar here: the exit status says only whether all modules ran.
"""
import argparse
import importlib.util
import pathlib
import sys
import traceback


def modules(only):
    here = pathlib.Path(__file__).resolve().parent
    for path in sorted(here.glob("check_*.py")):
        if only and path.stem != "check_" + only:
            continue
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield path.stem, module


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", required=True, help="folder laid out like the conformance data")
    parser.add_argument("--bin", required=True, help="folder with the harness programs")
    parser.add_argument("--failures", help="file that gets one line for each failed case")
    parser.add_argument("--only", help="one module: feed for check_feed.py")
    options = parser.parse_args()
    cases, binaries = pathlib.Path(options.cases).resolve(), pathlib.Path(options.bin).resolve()
    if not cases.is_dir():
        print(f"conformance: no cases at {cases}, skipped")
        return 0
    tally, failures, broken = {}, [], 0
    for name, module in modules(options.only):
        try:
            for folder, tier, case, passed, detail in module.run(cases, binaries):
                row = tally.setdefault((folder, tier), [0, 0])
                row[0] += bool(passed)
                row[1] += 1
                if not passed:
                    failures.append(f"{folder}\t{tier}\t{case}\t{detail}")
        except Exception:  # a module that breaks must not hide the others
            traceback.print_exc()
            broken += 1
    for (folder, tier), (passed, total) in sorted(tally.items()):
        print(f"{folder} {tier} {passed}/{total}")
    if options.failures:
        pathlib.Path(options.failures).write_text("".join(line + "\n" for line in failures), encoding="utf-8")
    passed, total = (sum(row[i] for row in tally.values()) for i in (0, 1))
    print(f"conformance: {passed} of {total} cases")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
