"""Murmur's model bundle as an MLflow python_function: tokenizers and onnxruntime, and nothing else of a framework.

It answers as Murmur itself does: the same preprocessing, tokens and probabilities. One row per text: `sentiment`, `score`
(0 to 100: the probability of the predicted class) and the probability of each class.
"""
import hashlib
import html
import json
import os
import re

import numpy as np
import onnxruntime
import pandas as pd
import yaml
from tokenizers import Tokenizer

# As Python's training did them; the names stand in the bundle's config.
STEPS = {
    "html_unescape": html.unescape,
    "remove_mentions_word": lambda text: re.sub(r"@\w+", "", text),
    "mentions_to_user": lambda text: re.sub(r"@\w+", "@user", text),
    "mentions_to_USER": lambda text: re.sub(r"@\w+", "@USER", text),
    "links_to_http": lambda text: re.sub(r"https?://\S+|www\.\S+", "http", text),
    "links_to_HTTPURL": lambda text: re.sub(r"https?://\S+|www\.\S+", "HTTPURL", text),
    "fold_whitespace": lambda text: re.sub(r"\s+", " ", text).strip(),
}
ROWS = 32


class Bundle:
    def __init__(self, folder):
        with open(os.path.join(folder, "MLmodel"), encoding="utf-8") as file:
            parts = yaml.safe_load(file)["flavors"]["murmur"]
        for path, expected in parts["digests"].items():
            _check(os.path.join(folder, path), expected)

        def name(part, default):
            return os.path.join(folder, parts.get(part, default))

        with open(name("config", "config.json"), encoding="utf-8") as file:
            self.config = json.load(file)
        unknown = [step for step in self.config["preprocess"] if step not in STEPS]
        if unknown:
            raise ValueError(f"unknown preprocess steps {unknown}: the bundle needs a newer murmur_pyfunc.py")
        self.tokenizer = Tokenizer.from_file(name("tokenizer", "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(self.config["max_tokens"])
        ids = (self.tokenizer.token_to_id(token) for token in ("[PAD]", "<pad>"))
        self.pad_id = next((id for id in ids if id is not None), 0)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            name("model", "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def probabilities(self, texts):
        """Float64 of shape [texts, labels]; a text's row depends on the text alone."""
        tokens = [self.tokenizer.encode(self._input(text)).ids for text in texts]
        rows = 1 if self.config["batching"] == "single" else ROWS
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        result = np.zeros((len(tokens), len(self.config["labels"])))
        for start in range(0, len(order), rows):
            members = order[start : start + rows]
            result[members] = self._run([tokens[i] for i in members])
        return result

    def predict(self, model_input, params=None):
        labels = self.config["labels"]
        p = self.probabilities(_texts(model_input))
        best = p.argmax(axis=1)
        columns = {"sentiment": [labels[i] for i in best], "score": 100 * p.max(axis=1, initial=0)}
        return pd.DataFrame({**columns, **{label: p[:, i] for i, label in enumerate(labels)}})

    def _input(self, text):
        for step in self.config["preprocess"]:
            text = STEPS[step](text)
        return text

    def _run(self, tokens):
        width = max(len(row) for row in tokens)
        ids = np.full((len(tokens), width), self.pad_id, np.int64)
        mask = np.zeros_like(ids)
        for row, own in enumerate(tokens):
            ids[row, : len(own)] = own
            mask[row, : len(own)] = 1
        data = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        feeds = {name: data[name] for name in self.config["inputs"]}
        (logits,) = self.session.run([self.config["output"]], feeds)
        powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
        classes = powers / powers.sum(axis=1, keepdims=True)
        labels = self.config["labels"]
        meanings = [labels.index(label) for label in self.config.get("classes", labels)]
        return classes @ np.eye(len(labels))[meanings]


def _load_pyfunc(path):
    return Bundle(path)


def _texts(model_input):
    """Texts of a DataFrame (column `text`, else the first), Series, array, mapping, list or single string."""
    if isinstance(model_input, pd.DataFrame):
        column = "text" if "text" in model_input.columns else model_input.columns[0]
        model_input = model_input[column]
    elif isinstance(model_input, dict):
        model_input = model_input.get("text", next(iter(model_input.values())))
    if isinstance(model_input, str):
        model_input = [model_input]
    return ["" if pd.isna(text) else str(text) for text in model_input]


def _check(path, expected):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(2**20), b""):
            digest.update(block)
    if digest.hexdigest() != expected:
        raise ValueError(f"altered file in the model bundle: {path}")
