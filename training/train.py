"""The recipe of the bundled model: a small BERT encoder becomes a classifier of tweets with three classes.

    python train.py --base DIR|NAME --data DIR --out DIR [--teacher DIR]

Run it twice. The first run makes a teacher: one epoch on the weak labels of Sentiment140 (an emoticon that was cut off), then
SemEval 2013 to 2016. The second starts fresh from the base with --teacher: the teacher labels Sentiment140's texts softly, and
each epoch sees SemEval and half of those, some with an emoji of their mood put back. The base of the bundled model is
sentence-transformers/all-MiniLM-L6-v2. On two cores the two runs together take hours, not minutes.

--data holds semeval-train.tsv.gz (id, label 0 to 2, text), sentiment140-100k.ndjson.gz (text, sentiment 0 or 4) and
tweeteval-val.tsv.gz (label, text), on which the best epoch is chosen. export.py makes the bundle of what comes out.
"""

import argparse
import gzip
import html
import json
import math
import random
import re
import unicodedata
from collections import Counter
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

LABELS = ["negative", "neutral", "positive"]
MAX_TOKENS = 96
# Tokens of a training batch and of one that is only judged, padding counted.
BATCH, JUDGED = 2048, 8192
# Each layer learns less than the one above it.
LAYER_DECAY = 0.85
WARM_UP = 0.06

EMOJI = [
    chr(code)
    for low, high in ((0x1F300, 0x1FAFF), (0x2600, 0x27BF), (0x2B50, 0x2B55))
    for code in range(low, high + 1)
    if unicodedata.category(chr(code)) == "So"
]
GLAD = "😀😁😂😃😄😅😆😇😉😊🙂☺😋😌😍🥰😘😗😙😚🤗🤩😎🥳❤💕💖💗💙💚💛💜🧡♥👍👏🙌🎉🎊✨🌟⭐💯🔥😻💪🙏👌🤣😝😜🎂🌈☀"
SAD = "😞😔😟😕🙁☹😣😖😫😩🥺😢😭😤😠😡🤬😨😰😥😓😒🙄😑💔👎😪😷🤒🤕🤢🤮😿😾💩😬😧😦😳🤦"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("base", "data", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--teacher", help="the folder that a run without --teacher made")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    random.seed(options.seed)
    torch.manual_seed(options.seed)

    gold, weak, judged = read_data(Path(options.data))
    tokenizer = AutoTokenizer.from_pretrained(options.base)
    names = dict(enumerate(LABELS))
    config = AutoConfig.from_pretrained(options.base, num_labels=3, id2label=names, label2id={b: a for a, b in names.items()})
    model = AutoModelForSequenceClassification.from_pretrained(options.base, config=config, dtype=torch.float32)
    add_emoji(model, tokenizer)
    shares = Counter(label for _, label in gold)
    # Added to the logits in the loss alone: the arg max without it then maximises macro-averaged recall.
    prior = torch.tensor([math.log(shares[label] / len(gold)) for label in range(3)])

    if options.teacher is None:
        fit(model, tokenizer, lambda _: one_hot(weak), 1, 8e-5, torch.zeros(3), judged)
        best = fit(model, tokenizer, lambda _: one_hot(gold), options.epochs, 6e-5, prior, judged)
    else:
        soft = with_emoji(weak, soft_labels(options.teacher, weak, prior))
        best = fit(model, tokenizer, lambda epoch: one_hot(gold) + soft[epoch % 2 :: 2], options.epochs, 8e-5, prior, judged)
    model.save_pretrained(options.out)
    tokenizer.save_pretrained(options.out)
    print(f"{options.out}: macro recall {best:.4f} on {len(judged)} texts that chose the epoch")


def clean(text):
    """As the steps of the bundle's config do it."""
    text = re.sub(r"@\w+", "", html.unescape(text))
    return re.sub(r"\s+", " ", re.sub(r"https?://\S+|www\.\S+", "http", text)).strip()


def read_data(folder):
    def lines(name):
        with gzip.open(folder / name, "rt", encoding="utf-8", newline="\n") as file:
            return [line for line in file.read().split("\n") if line]

    gold = [line.split("\t", 2) for line in lines("semeval-train.tsv.gz")]
    weak = [json.loads(line) for line in lines("sentiment140-100k.ndjson.gz")]
    judged = [line.split("\t", 1) for line in lines("tweeteval-val.tsv.gz")]
    gold = [(clean(text), int(label)) for _, label, text in gold]
    weak = [(clean(row["text"]), 0 if row["sentiment"] == "0" else 2) for row in weak]
    judged = [(clean(text), int(label)) for label, text in judged]
    return [row for row in gold if row[0]], [row for row in weak if row[0]], judged


def add_emoji(model, tokenizer):
    """A token for each emoji; it starts as the mean of the word pieces of its Unicode name."""
    names = [tokenizer(unicodedata.name(emoji).lower(), add_special_tokens=False)["input_ids"] for emoji in EMOJI]
    tokenizer.add_tokens(EMOJI)
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    rows = model.get_input_embeddings().weight.data
    for emoji, ids in zip(EMOJI, names):
        rows[tokenizer.convert_tokens_to_ids(emoji)] = rows[ids].mean(0)


def one_hot(rows, smoothing=0.05):
    """Texts with a distribution over the classes in the place of a label."""
    return [(text, [1 - smoothing if c == label else smoothing / 2 for c in range(3)]) for text, label in rows]


def soft_labels(teacher, rows, prior):
    """What the teacher says of texts, as if their classes were as frequent as those of the labelled ones."""
    model = AutoModelForSequenceClassification.from_pretrained(teacher, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(teacher)
    soft = [None] * len(rows)
    for members, logits, _ in answers(model, tokenizer, [(text, 0) for text, _ in rows]):
        for i, shares in zip(members, (logits + prior).softmax(-1).tolist()):
            soft[i] = (rows[i][0], shares)
    return soft


def with_emoji(rows, soft, share=0.25):
    """Puts an emoji of a text's own mood back on a share of the texts, and teaches each emoji alone."""
    taught = []
    for (text, label), (_, shares) in zip(rows, soft):
        if random.random() < share:
            emoji = random.choice(GLAD if label == 2 else SAD) * random.choice((1, 1, 1, 2, 3))
            text = f"{emoji} {text}" if random.random() < 0.15 else text + random.choice((" ", "")) + emoji
            shares = [(a + b) / 2 for a, b in zip(shares, one_hot([(text, label)])[0][1])]
        taught.append((text, shares))
    moods = [(emoji, 2) for emoji in GLAD] + [(emoji, 0) for emoji in SAD]
    return taught + one_hot(moods, smoothing=0.3)


def batches(rows, tokenizer, limit, shuffle):
    """Rectangles of at most `limit` tokens, of texts of about one length: (members, ids, mask, targets)."""
    encoded = tokenizer([text for text, _ in rows], truncation=True, max_length=MAX_TOKENS)["input_ids"]
    order = list(range(len(rows)))
    if shuffle:
        random.shuffle(order)
    groups = []
    for start in range(0, len(order), 4096):
        group, width = [], 0
        for i in sorted(order[start : start + 4096], key=lambda i: len(encoded[i])):
            if group and max(width, len(encoded[i])) * (len(group) + 1) > limit:
                groups.append(group)
                group, width = [], 0
            group.append(i)
            width = max(width, len(encoded[i]))
        groups.append(group)
    if shuffle:
        random.shuffle(groups)
    for group in groups:
        ids = torch.zeros(len(group), max(len(encoded[i]) for i in group), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, i in enumerate(group):
            ids[row, : len(encoded[i])] = torch.tensor(encoded[i])
            mask[row, : len(encoded[i])] = 1
        yield group, ids, mask, torch.tensor([rows[i][1] for i in group])


def answers(model, tokenizer, rows):
    model.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for members, ids, mask, targets in batches(rows, tokenizer, JUDGED, shuffle=False):
            yield members, model(input_ids=ids, attention_mask=mask).logits.float(), targets


def macro_recall(model, tokenizer, rows):
    right, total = Counter(), Counter()
    for _, logits, labels in answers(model, tokenizer, rows):
        for label, predicted in zip(labels.tolist(), logits.argmax(-1).tolist()):
            total[label] += 1
            right[label] += label == predicted
    return sum(right[label] / max(1, total[label]) for label in range(3)) / 3


def optimiser(model, rate):
    layers = model.config.num_hidden_layers
    groups = {}
    for name, weight in model.named_parameters():
        layer = re.search(r"layer\.(\d+)\.", name)
        depth = int(layer[1]) + 1 if layer else 0 if "embeddings" in name else layers + 1
        groups.setdefault((depth, 0.0 if weight.ndim < 2 else 0.01), []).append(weight)
    return torch.optim.AdamW(
        {"params": weights, "lr": rate * LAYER_DECAY ** (layers + 1 - depth), "weight_decay": decay}
        for (depth, decay), weights in groups.items()
    )


def fit(model, tokenizer, rows_of, epochs, rate, prior, judged):
    """Leaves the model as it was after its best epoch, and gives that one's macro recall."""
    optimizer = optimiser(model, rate)
    steps = epochs * sum(1 for _ in batches(rows_of(0), tokenizer, BATCH, shuffle=True))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / (WARM_UP * steps), max(0.02, (steps - step) / steps))
    )
    best, kept = -1.0, None
    for epoch in range(epochs):
        model.train()
        for _, ids, mask, targets in batches(rows_of(epoch), tokenizer, BATCH, shuffle=True):
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(input_ids=ids, attention_mask=mask).logits
            loss = F.cross_entropy(logits.float() + prior, targets)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        recall = macro_recall(model, tokenizer, judged)
        print(f"epoch {epoch + 1} of {epochs}: macro recall {recall:.4f}", flush=True)
        if recall > best:
            best, kept = recall, {name: weight.clone() for name, weight in model.state_dict().items()}
    model.load_state_dict(kept)
    return best


if __name__ == "__main__":
    main()
