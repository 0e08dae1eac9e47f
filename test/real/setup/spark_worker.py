"""A Spark session that runs SQL. Usage: spark_worker.py SETTINGS_AS_JSON"""
import json
import sys

from pyspark.sql import SparkSession

from serve import serve

builder = SparkSession.builder
for name, value in json.loads(sys.argv[1]).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()


def sql(text):
    """Runs one statement; its rows, if it has any."""
    return [row.asDict(recursive=True) for row in spark.sql(text).collect()]


serve({"sql": sql})
