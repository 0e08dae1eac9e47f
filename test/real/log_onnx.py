"""Logs a network as Python's onnx flavour does, and registers it twice: alone, and with its tokenizer's files beside it.

log_onnx.py TRACKING_URI ONNX_FILE FILES_FOLDER NAME

The version without the files is the first of NAME, the one with them the second. Prints the run of the second.
"""
import json
import sys

import mlflow
import onnx

uri, network, files, name = sys.argv[1:]
mlflow.set_tracking_uri(uri)
mlflow.set_experiment("from python")
client = mlflow.MlflowClient()
client.create_registered_model(name)
for complete in (False, True):
    with mlflow.start_run() as run:
        logged = mlflow.onnx.log_model(onnx.load(network), name="classifier")
        if complete:
            client.log_model_artifacts(logged.model_id, files)
    client.create_model_version(name, logged.model_uri, run.info.run_id, model_id=logged.model_id)
print("\n" + json.dumps({"run_id": run.info.run_id}))
