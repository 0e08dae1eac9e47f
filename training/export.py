"""Turns a text classifier of Hugging Face into a bundle that Murmur scores with.

    python export.py DIR|hf:OWNER/NAME[@REV] --to BUNDLE [--int8|--fp32] [--labels MAP] [--calibrate FILE] ...

A bundle is a folder: the network in ONNX, `tokenizer.json`, `config.json`, golden texts with their tokens and probabilities,
a card, and `MLmodel` with the SHA-256 of all of them. `murmur model verify --model BUNDLE` proves it where it is used.

int8 is made with fixed scales. Dynamic quantisation, the usual way, takes one scale for all activations of a batch, so that
a text's score depends on the texts beside it. Here each scale is measured once, on the texts of --calibrate: some hundred
posts like those to come, one a line.
"""

import argparse
import hashlib
import html
import json
import re
import sys
import tempfile
import uuid
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import yaml
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

OPSET = 17
# Sums of floats differ by CPU type a little, those of rounded numbers more. In probability.
TOLERANCE = {"fp32": 0.002, "int8": 0.02}
# A product stays in float where the range of what goes in is so many standard deviations: one scale would leave no digits
# for the bulk of the values.
OUTLIERS = 80
# As `models/pyfunc` and Murmur itself do them.
STEPS = {
    "html_unescape": html.unescape,
    "remove_mentions_word": lambda text: re.sub(r"@\w+", "", text),
    "mentions_to_user": lambda text: re.sub(r"@\w+", "@user", text),
    "mentions_to_USER": lambda text: re.sub(r"@\w+", "@USER", text),
    "links_to_http": lambda text: re.sub(r"https?://\S+|www\.\S+", "http", text),
    "links_to_HTTPURL": lambda text: re.sub(r"https?://\S+|www\.\S+", "HTTPURL", text),
    "fold_whitespace": lambda text: re.sub(r"\s+", " ", text).strip(),
}
MEANINGS = ("negative", "neutral", "positive")
KNOWN = {
    **dict.fromkeys(["negative", "neg", "very negative", "extremely negative", "1 star", "2 stars"], "negative"),
    **dict.fromkeys(["neutral", "neu", "3 stars"], "neutral"),
    **dict.fromkeys(["positive", "pos", "very positive", "extremely positive", "4 stars", "5 stars"], "positive"),
}
# Of labels that only count (LABEL_0), by their number.
COUNTED = {2: ["negative", "positive"], 3: ["negative", "neutral", "positive"]}
GOLDENS = Path(__file__).resolve().parent.parent / "models" / "bundled" / "golden.json"


def main():
    options = arguments()
    out = Path(options.to)
    if out.exists():
        sys.exit(f"{out} is there already: remove it, or name another folder")
    source, revision = source_of(options.source)
    settings = AutoConfig.from_pretrained(source, revision=revision)
    classes = classes_of(settings, options.labels)
    model = AutoModelForSequenceClassification.from_pretrained(
        source, revision=revision, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    goldens = [case["text"] for case in json.loads(GOLDENS.read_text("utf-8"))]
    calibration = calibration_texts(options) or goldens
    own = AutoTokenizer.from_pretrained(source, revision=revision)
    max_tokens = max_tokens_of(settings, own, options.max_tokens)
    tokenizer = tokenizer_of(own, settings.vocab_size, max_tokens, goldens + calibration)
    grow(model, tokenizer, own.unk_token_id)

    with tempfile.TemporaryDirectory(prefix=".export-", dir=out.resolve().parent) as folder:
        folder = Path(folder)
        work, bundle = folder / "work", folder / "bundle"
        work.mkdir()
        bundle.mkdir()
        fp32 = work / "fp32.onnx"
        to_onnx(model, fp32)
        if options.kind == "int8":
            encoded = [tokenizer.encode(text).ids for text in calibration]
            to_int8(fp32, bundle / "model.onnx", encoded, work)
        else:
            fp32.rename(bundle / "model.onnx")
        tokenizer.no_truncation()
        tokenizer.save(str(bundle / "tokenizer.json"))
        tokenizer.enable_truncation(max_tokens)
        name = options.name or re.split(r"[/\\]", str(source).rstrip("/\\"))[-1]
        config = {
            "name": name,
            "version": options.version or digest(bundle / "model.onnx")[:8],
            "labels": list(dict.fromkeys(classes)),
            **({"classes": classes} if len(set(classes)) < len(classes) else {}),
            "inputs": ["input_ids", "attention_mask"],
            "output": "logits",
            "max_tokens": max_tokens,
            "preprocess": options.preprocess,
            "batching": "free",
            "tolerance": TOLERANCE[options.kind],
        }
        cases = golden_cases(bundle / "model.onnx", model, tokenizer, config, goldens)
        far = max(np.abs(np.subtract(c["probabilities"], c["torch"])).max() for c in cases)
        if options.kind == "fp32" and far > TOLERANCE["fp32"]:
            sys.exit(f"the ONNX file answers otherwise than torch: probabilities {far:.4f} off")
        agreement = np.mean([np.argmax(c["probabilities"]) == np.argmax(c["torch"]) for c in cases])
        write_json(bundle / "config.json", config)
        write_json(bundle / "golden.json", cases)
        (bundle / "README.md").write_text(card(options, settings, config, agreement), "utf-8")
        write_mlmodel(bundle)
        bundle.rename(out)
    size = (out / "model.onnx").stat().st_size / 1e6
    print(f"{out}: {options.kind}, {size:.1f} MB, {agreement:.1%} of {len(cases)} golden texts labelled as by torch")
    print(f"next: murmur model verify --model {out}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="folder of transformers, or hf:OWNER/NAME[@REVISION]")
    parser.add_argument("--to", required=True, help="folder that is made")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--int8", dest="kind", action="store_const", const="int8", default="int8", help="the default")
    kind.add_argument("--fp32", dest="kind", action="store_const", const="fp32")
    parser.add_argument("--labels", help="POS=positive,NEG=negative, or negative,positive in the order of the classes")
    parser.add_argument("--calibrate", help="posts that the scales of int8 are measured on, one a line")
    parser.add_argument("--max-tokens", type=int, help="tokens read of a text; default: what the model can read")
    parser.add_argument(
        "--preprocess",
        type=lambda text: [step for step in text.split(",") if step],
        default=["html_unescape", "fold_whitespace"],
        help=f"steps from a post to the model's input, with commas between; known: {', '.join(STEPS)}",
    )
    parser.add_argument("--name", help="default: that of the source")
    parser.add_argument("--version", help="default: the first digits of the network's SHA-256")
    options = parser.parse_args()
    unknown = [step for step in options.preprocess if step not in STEPS]
    if unknown:
        parser.error(f"unknown steps: {', '.join(unknown)}")
    return options


def source_of(text):
    """The folder or the hub's name, and the revision."""
    if not text.startswith("hf:"):
        if not Path(text, "config.json").is_file():
            sys.exit(f"{text}/config.json is not there: name a folder of transformers, or hf:OWNER/NAME")
        return text, None
    name, _, revision = text[3:].partition("@")
    return name, revision or None


def classes_of(settings, given):
    """What each output means: one of MEANINGS for each."""
    if settings.problem_type in ("regression", "multi_label_classification"):
        sys.exit(f"config.json: problem_type {settings.problem_type}: its outputs are no classes of which one holds")
    names = [settings.id2label[i] for i in range(len(settings.id2label))]
    plain = [re.sub(r"[\s_-]+", " ", name.strip().lower()) for name in names]
    if given and "=" not in given:
        classes = [part.strip() for part in given.split(",")]
    elif given:
        pairs = (part.rpartition("=") for part in given.split(","))
        said = {re.sub(r"[\s_-]+", " ", name.strip().lower()): meaning.strip() for name, _, meaning in pairs}
        classes = [said.get(name, KNOWN.get(name)) for name in plain]
    elif all(re.fullmatch(rf"(label ?)?{i}", name) for i, name in enumerate(plain)):
        classes = COUNTED.get(len(plain), [None] * len(plain))
    else:
        classes = [KNOWN.get(name) for name in plain]
    if len(classes) == len(names) and set(classes) <= set(MEANINGS) and {"negative", "positive"} <= set(classes):
        return classes
    sys.exit(f"what the classes {', '.join(names)} mean is not known: say it with --labels {'=…,'.join(names)}=…")


def max_tokens_of(settings, own, given):
    """Families like RoBERTa count positions from behind the padding token."""
    positions = getattr(settings, "max_position_embeddings", None) or 0
    if settings.model_type in ("camembert", "longformer", "mpnet", "roberta", "xlm-roberta", "xlm-roberta-xl"):
        positions -= (settings.pad_token_id or 0) + 1
    limits = [n for n in (positions, own.model_max_length, given) if n and 3 <= n < 1_000_000]
    if not limits:
        sys.exit("how many tokens the model reads stands nowhere: say it with --max-tokens")
    return int(min(limits))


def tokenizer_of(own, vocabulary, max_tokens, texts):
    """A `tokenizer.json` that gives the tokens of the model's own tokenizer, proven on the texts."""
    backend = getattr(own, "backend_tokenizer", None)
    if backend is None and type(own).__name__ != "BertweetTokenizer":
        sys.exit(f"{type(own).__name__} has no tokenizer.json, and no way to one is known")
    tokenizer = bertweet(own, vocabulary) if backend is None else Tokenizer.from_str(backend.to_str())
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    for text in texts:
        ids = [own.unk_token_id if backend is None and id >= vocabulary else id for id in tokenizer.encode(text).ids]
        if ids != own(text, truncation=True, max_length=max_tokens)["input_ids"]:
            sys.exit(f"tokenizer.json would give other tokens than {type(own).__name__} for {text!r}")
    return tokenizer


def bertweet(own, first_free):
    """BERTweet's pairs of bytes: its vocabulary marks pieces that go on (`lov@@ ing`), tokenizers those that end a word."""
    ends = {}
    for token, number in own.encoder.items():
        special = token in own.all_special_tokens
        ends[token if special else token[:-2] if token.endswith("@@") else f"{token}</w>"] = number
    merges = sorted(own.bpe_ranks, key=own.bpe_ranks.get)
    # What merges to a piece that the vocabulary lacks is unknown, but only after it is merged: such a piece gets a number of
    # its own, for which the model gets one more row that is the one of the unknown (`grow`).
    for a, b in merges:
        for piece in (a, b, a + b):
            if piece not in ends:
                ends[piece] = first_free
                first_free += 1
    tokenizer = Tokenizer(models.BPE(ends, merges, unk_token=own.unk_token, end_of_word_suffix="</w>"))
    tokenizer.add_special_tokens([token for token in own.all_special_tokens if token in own.encoder])
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    bos, eos = (own.cls_token, own.cls_token_id), (own.sep_token, own.sep_token_id)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos[0]} $A {eos[0]}", special_tokens=[bos, eos]
    )
    return tokenizer


def grow(model, tokenizer, unknown):
    """Gives tokens behind the model's vocabulary the row of the unknown token."""
    own = model.get_input_embeddings().weight.shape[0]
    highest = max(tokenizer.get_vocab().values())
    if highest < own:
        return
    model.resize_token_embeddings(highest + 1, mean_resizing=False)
    rows = model.get_input_embeddings().weight.data
    rows[own:] = rows[unknown]


def calibration_texts(options):
    """The posts of --calibrate as the model will see them."""
    if options.calibrate is None:
        return None
    texts = [line for line in Path(options.calibrate).read_text("utf-8").split("\n") if line.strip()]
    for step in options.preprocess:
        texts = [STEPS[step](text) for text in texts]
    return texts


class Logits(torch.nn.Module):
    """The model as a function of the two inputs that every family has."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def to_onnx(model, file):
    """Exports, and fuses attention, normalisation and GELU to single operators."""
    raw = file.with_suffix(".raw.onnx")
    example = torch.ones(2, 8, dtype=torch.long)
    rows = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        Logits(model).eval(),
        (example, example),
        str(raw),
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={"input_ids": rows, "attention_mask": rows, "logits": {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )
    heads = getattr(model.config, "num_attention_heads", 0)
    hidden = getattr(model.config, "hidden_size", 0)
    fused = optimize_model(str(raw), model_type="bert", num_heads=heads, hidden_size=hidden, opt_level=1)
    fused.save_model_to_file(str(file))
    raw.unlink()


def to_int8(fp32, file, encoded, work):
    """Weights of 7 bits per channel (8 saturate on CPUs without VNNI), activations of 8 with scales of the texts."""
    everything = work / "everything.onnx"
    quantise(fp32, everything, [])
    ranges = activation_ranges(fp32, quantised_inputs(onnx.load(everything)), encoded)
    wild = {name for name, (low, high, deviation) in ranges.items() if high - low > OUTLIERS * deviation}
    graph = onnx.load(fp32).graph
    left = [node.name for node in graph.node if node.op_type in ("MatMul", "Attention") and node.input[0] in wild]
    print(f"left in float for their outliers: {', '.join(left) or 'nothing'}")
    quantise(fp32, file, left)
    fix_scales(file, ranges)


def quantise(fp32, file, excluded):
    quantize_dynamic(
        str(fp32),
        str(file),
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        op_types_to_quantize=["MatMul", "Attention", "Gather", "EmbedLayerNormalization"],
        nodes_to_exclude=excluded,
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": TensorProto.FLOAT},
    )


def quantised_inputs(model):
    return sorted({node.input[0] for node in model.graph.node if node.op_type == "DynamicQuantizeLinear"})


def activation_ranges(fp32, names, encoded):
    """Lowest, highest and standard deviation of tensors over the texts; the range holds 0, as the operator wants it."""
    model = onnx.load(fp32)
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = session_of(model.SerializeToString())
    low, high = np.zeros(len(names)), np.zeros(len(names))
    squares, counts = np.zeros(len(names)), np.zeros(len(names))
    for ids in encoded:
        for i, values in enumerate(session.run(names, feeds(ids))):
            low[i], high[i] = min(low[i], values.min()), max(high[i], values.max())
            squares[i] += np.square(values, dtype=np.float64).sum()
            counts[i] += values.size
    return dict(zip(names, zip(low, high, np.sqrt(squares / counts))))


def fix_scales(file, ranges):
    """Every DynamicQuantizeLinear becomes a QuantizeLinear; the integer kernels behind it stay."""
    model = onnx.load(file)
    nodes = []
    for node in model.graph.node:
        if node.op_type == "DynamicQuantizeLinear":
            rounded, scale, zero = node.output
            low, high, _ = ranges[node.input[0]]
            step = (high - low) / 255
            model.graph.initializer.extend(
                [
                    numpy_helper.from_array(np.array(step, np.float32), scale),
                    numpy_helper.from_array(np.array(round(-low / step), np.uint8), zero),
                ]
            )
            node = helper.make_node("QuantizeLinear", [node.input[0], scale, zero], [rounded], name=node.name)
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, file)


def session_of(model):
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def feeds(ids):
    row = np.array([ids], np.int64)
    return {"input_ids": row, "attention_mask": np.ones_like(row)}


def golden_cases(file, model, tokenizer, config, texts):
    """Each text alone: its tokens, what the bundle answers, and what torch does."""
    session = session_of(str(file))
    labels = config["labels"]
    meanings = np.eye(len(labels))[[labels.index(each) for each in config.get("classes", labels)]]
    cases = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        (logits,) = session.run(["logits"], feeds(ids))
        with torch.inference_mode():
            row = torch.tensor([ids])
            exact = model(input_ids=row, attention_mask=torch.ones_like(row)).logits
        cases.append(
            {
                "text": text,
                "input_ids": ids,
                "probabilities": (softmax(logits[0]) @ meanings).tolist(),
                "torch": (softmax(exact[0].numpy()) @ meanings).tolist(),
            }
        )
    return cases


def softmax(logits):
    powers = np.exp(logits.astype(np.float64) - logits.max())
    return powers / powers.sum()


def card(options, settings, config, agreement):
    names = [settings.id2label[i] for i in range(len(settings.id2label))]
    rows = "\n".join(f"| {i} | {a} | {b} |" for i, (a, b) in enumerate(zip(names, config.get("classes", config["labels"]))))
    return f"""# {config["name"]}, version {config["version"]}

Exported from {options.source} ({settings.model_type}), {options.kind}. Its licence is that of its makers.

| output | name | meaning |
|---|---|---|
{rows}

**Input.** Steps in this order: {", ".join(config["preprocess"]) or "none"}. Then at most {config["max_tokens"]} tokens are read.

**Numbers.** {"Weights of 7 bits per channel, activations of 8 with fixed scales" if options.kind == "int8" else "Floating point"}; a
score does not depend on the texts beside it. {agreement:.1%} of the golden texts have the label that torch gives them.

How good it is on your posts: `murmur model evaluate`.
"""


def write_json(file, value):
    file.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


def write_mlmodel(bundle):
    files = sorted(file.name for file in bundle.iterdir())
    signature = [[{"type": "string", "required": True}]]
    signature.append([{"type": kind, "name": name, "required": True} for kind, name in (("string", "sentiment"), ("double", "score"))])
    described = {
        "flavors": {
            "murmur": {
                "config": "config.json",
                "model": "model.onnx",
                "tokenizer": "tokenizer.json",
                "golden": "golden.json",
                "golden_probabilities": "probabilities",
                "digests": {file: digest(bundle / file) for file in files},
            },
            "onnx": {"data": "model.onnx", "providers": ["CPUExecutionProvider"], "save_as_external_data": False},
        },
        "model_size_bytes": sum((bundle / file).stat().st_size for file in files),
        "model_uuid": uuid.uuid4().hex,
        "signature": {"inputs": json.dumps(signature[0]), "outputs": json.dumps(signature[1]), "params": None},
        "utc_time_created": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    (bundle / "MLmodel").write_text(yaml.safe_dump(described, sort_keys=False), "utf-8")


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
