"""Murmur's model bundle as an MLflow python_function: tokenizers and onnxruntime, and nothing else of a framework.

It answers as Murmur itself does: the same preprocessing, tokens and probabilities. One row per text: `sentiment`, `score`
(0 to 100: the probability of the predicted class) and the probability of each class. Spark's workers run it too
(`models/spark/`), without pandas.
"""
import hashlib
import html
import json
import os
import re

import numpy as np
import onnxruntime
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
# Tokens in one run of the model, and characters that are looked at for each token it reads: as in Murmur itself.
RUN_BUDGET = 256
LONGEST_TOKEN = 512


class AlteredBundle(ValueError):
    """A file is not what the bundle's MLmodel says, or the model does not answer as it did where it was made."""


class Bundle:
    """`digest` is SHA-256 over the digests of the bundle's files, as Murmur counts it."""

    def __init__(self, folder, threads=0):
        with open(os.path.join(folder, "MLmodel"), encoding="utf-8") as file:
            parts = yaml.safe_load(file)["flavors"]["murmur"]
        for path, expected in parts["digests"].items():
            _check(os.path.join(folder, path), expected)
        lines = (f"{digest}  {path}\n" for path, digest in sorted(parts["digests"].items()))
        self.digest = hashlib.sha256("".join(lines).encode()).hexdigest()

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
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            name("model", "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        with open(name("golden", "golden.json"), encoding="utf-8") as file:
            self._check_goldens(json.load(file), parts.get("golden_probabilities", "probabilities"))

    def probabilities(self, texts):
        """Float64 of shape [texts, labels]; a text's row depends on the text alone, and equal inputs are computed once."""
        longest = self.config["max_tokens"] * LONGEST_TOKEN
        inputs = [self._input(text)[:longest] for text in texts]
        distinct = {text: i for i, text in enumerate(dict.fromkeys(inputs))}
        answers = self._score([self.tokenizer.encode(text).ids for text in distinct])
        return answers[[distinct[text] for text in inputs]]

    def predict(self, model_input, params=None):
        import pandas as pd

        labels = self.config["labels"]
        p = self.probabilities(_texts(model_input))
        best = p.argmax(axis=1)
        columns = {"sentiment": [labels[i] for i in best], "score": 100 * p.max(axis=1, initial=0)}
        return pd.DataFrame({**columns, **{label: p[:, i] for i, label in enumerate(labels)}})

    def _input(self, text):
        for step in self.config["preprocess"]:
            text = STEPS[step](text)
        return text

    def _score(self, tokens):
        result = np.zeros((len(tokens), len(self.config["labels"])))
        for members in self._runs([len(row) for row in tokens]):
            result[members] = self._run([tokens[i] for i in members])
        return result

    def _runs(self, lengths):
        """Texts of nearly one length together, up to a budget of tokens; one by one where a score depends on neighbours."""
        runs = []
        for i in sorted(range(len(lengths)), key=lengths.__getitem__):
            full = not runs or lengths[i] * (len(runs[-1]) + 1) > RUN_BUDGET
            if full or self.config["batching"] == "single":
                runs.append([])
            runs[-1].append(i)
        return runs

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

    def _check_goldens(self, cases, field):
        """Golden texts are model inputs: no preprocessing."""
        tokens = [self.tokenizer.encode(case["text"]).ids for case in cases]
        for number, (case, own) in enumerate(zip(cases, tokens), 1):
            if own != case["input_ids"]:
                raise AlteredBundle(f"golden case {number} of {len(cases)}: other tokens")
        off = np.abs(self._score(tokens) - np.array([case[field] for case in cases])).max()
        if not off <= self.config["tolerance"]:
            raise AlteredBundle(f"golden cases: probabilities {off:.4f} off, at most {self.config['tolerance']} expected")


def _load_pyfunc(path):
    return Bundle(path)


def _texts(model_input):
    """Texts of a DataFrame (column `text`, else the first), Series, array, mapping, list or single string."""
    import pandas as pd

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
        raise AlteredBundle(f"altered file in the model bundle: {path}")
