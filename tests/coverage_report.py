#!/usr/bin/env python3
"""Lines and branches of a --coverage build, by folder; `tests/coverage` runs it.

g++ counts an edge to the clean-up of every call that may throw, and a coroutine's suspension is a dozen branches nobody
wrote. So a branch counts when a condition is written on its line (if, while, for, ?:, &&, ||, case), when it is not an
edge of an exception, and when nothing is awaited or returned by a coroutine there.
"""
import collections, concurrent.futures, json, os, pathlib, re, subprocess, sys

root = pathlib.Path(__file__).resolve().parent.parent
build = pathlib.Path(sys.argv[1]).resolve()
condition = re.compile(r"\b(if|while|for|case|switch)\b|\?|&&|\|\|")
awaited = re.compile(r"\bco_(await|return|yield)\b")
shipped = ("core/", "scheduler/", "storage/", "daemon/")


def counts_of(data):
    """The lines of ours that one object counted: (file, line) -> executions, (file, line, function, place) -> taken."""
    done = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", data], cwd=build,
                          capture_output=True, text=True, check=True)
    lines, branches = collections.Counter(), collections.Counter()
    for report in filter(None, done.stdout.splitlines()):
        for file in json.loads(report)["files"]:
            # Relative to the build, or, where a unity file named it in full, to the project (-ffile-prefix-map).
            name = file["file"]
            if name.startswith("..") or os.path.isabs(name):
                name = os.path.relpath(os.path.normpath(build / name), root)
            # Generated sources are not ours.
            if not name.startswith(shipped) or not (root / name).exists():
                continue
            for line in file["lines"]:
                number = line["line_number"]
                lines[name, number] += line["count"]
                for place, branch in enumerate(line["branches"]):
                    if not branch["throw"]:
                        branches[name, number, line.get("function_name", ""), place] += branch["count"]
    return lines, branches


lines, branches = collections.Counter(), collections.Counter()
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for some_lines, some_branches in pool.map(counts_of, sorted(build.rglob("*.gcda"))):
        # Counter.update adds, and keeps what was never executed.
        lines.update(some_lines)
        branches.update(some_branches)

text = {name: [""] + (root / name).read_text().splitlines() for name, _ in lines}
kinds = ("lines", "lines covered", "branches", "branches covered")
folders = collections.defaultdict(lambda: dict.fromkeys(kinds, 0))


def add(name, kind, hit):
    for folder in {str(pathlib.Path(name).parent), name.split("/")[0]}:
        folders[folder][kind] += 1
        folders[folder][kind + " covered"] += hit


for (name, number), count in lines.items():
    add(name, "lines", count > 0)
missed = collections.Counter()
for (name, number, _, _), count in branches.items():
    written = text[name][number]
    # What nobody executed is missed once, by its line.
    if condition.search(written) and not awaited.search(written) and lines[name, number] > 0:
        add(name, "branches", count > 0)
        missed[name, number] += count == 0
uncovered = sorted((name, number) for (name, number), count in lines.items() if count == 0)
(build / "uncovered.txt").write_text("".join(f"{n}:{l}: {text[n][l].strip()}\n" for n, l in uncovered))


partly = sorted((name, number, count) for (name, number), count in missed.items() if count > 0)
(build / "branches.txt").write_text("".join(f"{n}:{l}: {c} {text[n][l].strip()}\n" for n, l, c in partly))


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "-"


print("| folder | lines | covered | branches | covered |\n|---|---|---|---|---|")
for folder, of in sorted(folders.items()):
    print(f"| {folder} | {of['lines']} | {percent(of['lines covered'], of['lines'])} "
          f"| {of['branches']} | {percent(of['branches covered'], of['branches'])} |")
print(f"\n{len(uncovered)} lines not executed: {build.relative_to(root)}/uncovered.txt; "
      f"{sum(missed.values())} branches not taken: branches.txt")
