"""Logs as Python users do: a run, files, data, a model, a version and an alias. write_mlflow.py TRACKING_URI EXPERIMENT"""
import json
import sys

import mlflow
import pandas as pd

uri, experiment_name = sys.argv[1:]
mlflow.set_tracking_uri(uri)
experiment = mlflow.set_experiment(experiment_name)
client = mlflow.MlflowClient()


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[str], params=None) -> list[str]:
        return model_input


with mlflow.start_run(run_name="from python") as run:
    mlflow.log_params({"lr": 0.001, "nested/key": "a b", "yes": True})
    for step in range(3):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metric("val/nan", float("nan"))
    mlflow.log_metric("inf", float("inf"))
    mlflow.set_tag("note", "two\nlines: ü 😀")
    mlflow.log_dict({"ok": True}, "reports/deep/report.json")
    data = mlflow.data.from_pandas(pd.DataFrame({"text": ["a", "b"]}), name="tweets")
    mlflow.log_input(data, context="training")
    logged = mlflow.pyfunc.log_model(name="echo", python_model=Echo(), registered_model_name=f"echo-{experiment_name}")
client.set_registered_model_alias(f"echo-{experiment_name}", "champion", "1")
failed = client.create_run(experiment.experiment_id, run_name="it's failed")
client.set_terminated(failed.info.run_id, "FAILED")
print("\n" + json.dumps({"run_id": run.info.run_id, "failed": failed.info.run_id, "model_id": logged.model_id}))
