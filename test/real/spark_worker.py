"""A Spark session that runs SQL. Usage: spark_worker.py SETTINGS_AS_JSON"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "setup"))
from serve import serve

from pyspark.sql import SparkSession

builder = SparkSession.builder
for name, value in json.loads(sys.argv[1]).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()


def sql(text):
    """Runs one statement; its rows, if it has any."""
    return [row.asDict(recursive=True) for row in spark.sql(text).collect()]


serve({"sql": sql})
