"""Runs SQL in DuckDB: the folder to work in, then statements on standard input. Prints the last result as JSON,
decimals and times as text."""

import json
import os
import sys

import duckdb


os.chdir(sys.argv[1])
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
result = connection.execute(sys.stdin.read()).fetchall()
json.dump(result, sys.stdout, default=str)
