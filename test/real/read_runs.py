"""What Python's client sees of runs, and what a registered model predicts there.
read_runs.py TRACKING_URI '{"runs": [RUN_ID…], "model": MODEL_URI, "texts": FILE}'"""
import json
import sys
import tempfile

import mlflow
import pandas as pd
from PIL import Image

uri, wanted = sys.argv[1], json.loads(sys.argv[2])
mlflow.set_tracking_uri(uri)
client = mlflow.MlflowClient()


def files(run_id, path=None):
    found = []
    for info in client.list_artifacts(run_id, path):
        found += files(run_id, info.path) if info.is_dir else [info.path]
    return found


def content(run_id):
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in files(run_id):
            local = client.download_artifacts(run_id, path, folder)
            if path.endswith(".png"):
                with Image.open(local) as image:
                    image.load()
                    found[path] = [image.format, image.width, image.height, len(set(image.convert("RGB").getdata()))]
            else:
                with open(local, encoding="utf-8") as file:
                    found[path] = file.read()
    return found


def run(run_id):
    entity = client.get_run(run_id)
    return {
        "name": entity.info.run_name,
        "status": entity.info.status,
        "params": entity.data.params,
        "metrics": entity.data.metrics,
        "tags": entity.data.tags,
        "steps": {key: [m.step for m in client.get_metric_history(run_id, key)] for key in entity.data.metrics},
        "inputs": sorted([i.dataset.name, i.dataset.digest, i.dataset.source_type] for i in entity.inputs.dataset_inputs),
        "artifacts": content(run_id),
    }


result = {"runs": {run_id: run(run_id) for run_id in wanted.get("runs", [])}}
if "model" in wanted:
    name, alias = wanted["model"].removeprefix("models:/").split("@")
    version = client.get_model_version_by_alias(name, alias)
    result["version"] = {"version": str(version.version), "aliases": list(version.aliases), "source": version.source}
    model_id = version.source.removeprefix("models:/")
    logged = client.get_logged_model(model_id)
    result["measured"] = {run_id: {} for run_id in wanted["runs"]}
    for metric in logged.metrics or []:
        result["measured"].setdefault(metric.run_id, {})[metric.key] = metric.value
    with open(wanted["texts"], encoding="utf-8") as file:
        texts = json.load(file)
    model = mlflow.pyfunc.load_model(wanted["model"])
    result["predictions"] = model.predict(pd.DataFrame({"text": texts})).to_dict("records")
print("\n" + json.dumps(result))
