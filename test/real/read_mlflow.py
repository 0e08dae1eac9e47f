"""What Python's client sees of an experiment and the registry. read_mlflow.py TRACKING_URI EXPERIMENT [MODEL_URI TEXTS_FILE]"""
import json
import math
import sys
import tempfile

import mlflow

uri, experiment_name, *scoring = sys.argv[1:]
mlflow.set_tracking_uri(uri)
client = mlflow.MlflowClient()


def number(value):
    return "NaN" if math.isnan(value) else value


def files(list_artifacts, path=None):
    found = []
    for info in list_artifacts(path):
        found += files(list_artifacts, info.path) if info.is_dir else [info.path]
    return found


def content(run_id):
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for path in files(lambda at: client.list_artifacts(run_id, at)):
            with open(client.download_artifacts(run_id, path, folder), encoding="utf-8") as file:
                found[path] = file.read()
        return found


def run(entity):
    info, data = entity.info, entity.data
    return {
        "name": info.run_name,
        "status": info.status,
        "start": info.start_time,
        "end": info.end_time,
        "params": data.params,
        "tags": data.tags,
        "metrics": {key: number(value) for key, value in data.metrics.items()},
        "history": {
            key: [[m.step, m.timestamp, number(m.value)] for m in client.get_metric_history(info.run_id, key)]
            for key in data.metrics
        },
        "inputs": [
            {
                "name": i.dataset.name,
                "digest": i.dataset.digest,
                "source_type": i.dataset.source_type,
                "source": json.loads(i.dataset.source),
                "context": next((t.value for t in i.tags if t.key == "mlflow.data.context"), None),
            }
            for i in entity.inputs.dataset_inputs
        ],
        "outputs": [o.model_id for o in entity.outputs.model_outputs],
        "artifacts": content(info.run_id),
    }


def logged(model):
    return {
        "name": model.name,
        "status": str(model.status),
        "run_id": model.source_run_id,
        "params": model.params,
        "metrics": [[m.key, m.value, m.step, m.dataset_name, m.dataset_digest] for m in model.metrics or []],
        "files": sorted(files(lambda at: client.list_logged_model_artifacts(model.model_id, at))),
    }


def version(entity):
    # The file store's search leaves out the aliases.
    entity = client.get_model_version(entity.name, entity.version)
    return {"tags": entity.tags, "aliases": list(entity.aliases), "run_id": entity.run_id, "source": entity.source}


def registered(model):
    versions = client.search_model_versions(f"name='{model.name}'")
    return {
        "tags": model.tags,
        # A database gives versions as numbers.
        "aliases": {alias: str(version) for alias, version in model.aliases.items()},
        "versions": {str(v.version): version(v) for v in versions},
    }


def predictions(model_uri, texts_file):
    with open(texts_file, encoding="utf-8") as file:
        texts = json.load(file)
    model = mlflow.pyfunc.load_model(model_uri)
    by_list = model.predict(texts)
    assert by_list.equals(model.predict(__import__("pandas").DataFrame({"text": texts})))
    return by_list.to_dict("records")


experiment = client.get_experiment_by_name(experiment_name)
result = {
    "experiment": {"name": experiment.name, "tags": experiment.tags},
    "runs": {r.info.run_id: run(r) for r in client.search_runs([experiment.experiment_id])},
    "models": {m.model_id: logged(m) for m in client.search_logged_models([experiment.experiment_id])},
    "registered": {m.name: registered(m) for m in client.search_registered_models()},
    "predictions": predictions(*scoring) if scoring else None,
}
print("\n" + json.dumps(result))
