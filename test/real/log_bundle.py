"""Logs a folder as a model of a run, as Python's client does, and registers it. log_bundle.py TRACKING_URI FOLDER NAME ALIAS"""
import json
import sys

import mlflow

uri, folder, name, alias = sys.argv[1:]
mlflow.set_tracking_uri(uri)
mlflow.set_experiment("from python")
client = mlflow.MlflowClient()
with mlflow.start_run() as run:
    mlflow.log_artifacts(folder, "classifier")
client.create_registered_model(name)
version = client.create_model_version(name, f"{run.info.artifact_uri}/classifier", run.info.run_id)
client.set_registered_model_alias(name, alias, version.version)
print("\n" + json.dumps({"run_id": run.info.run_id, "version": str(version.version)}))
