#!/usr/bin/env python3
"""csv_check.py csv|sqlite CSV JSON CODEC: the CSV file holds a header and the rows of the JSON file, as Python's csv
module reads it, or SQLite's .import, for which it is turned into UTF-8 before. Prints the number of rows."""
import csv
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

reader, path, expected_path, codec = sys.argv[1:]
expected = json.loads(pathlib.Path(expected_path).read_text(encoding="utf-8"))
names = [f"c{i}" for i in range(len(expected[0]))]
csv.field_size_limit(1 << 30)


def by_csv():
    with open(path, encoding=codec, newline="") as file:
        rows = list(csv.reader(file, strict=True))
    assert rows[0] == names, rows[0]
    return rows[1:]


def by_sqlite():
    with tempfile.TemporaryDirectory() as folder:
        plain = pathlib.Path(folder, "plain.csv")
        plain.write_bytes(pathlib.Path(path).read_bytes().decode(codec).encode("utf-8"))
        base = pathlib.Path(folder, "base.db")
        columns = ", ".join(f"{name} TEXT" for name in names)
        subprocess.run(["sqlite3", "-bail", str(base), f"CREATE TABLE t({columns})", f".import --csv --skip 1 {plain} t"],
                       check=True)
        return sqlite3.connect(base).execute("SELECT * FROM t ORDER BY rowid").fetchall()


rows = by_sqlite() if reader == "sqlite" else by_csv()
assert len(rows) == len(expected), f"{len(rows)} rows, {len(expected)} were written"
for number, (row, wanted) in enumerate(zip(rows, expected)):
    assert list(row) == wanted, f"row {number}: {list(row)!r}, {wanted!r} was written"
print(len(rows))
