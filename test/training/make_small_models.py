"""Makes small classifiers with random weights, of the two families that the course used, as folders of transformers.

Usage: make_small_models.py OUT_DIR < texts

Standard input: a JSON list of texts that the tokenizers are trained on. OUT_DIR gets `roberta` (byte-level BPE, labels that
only count) and `bertweet` (BERTweet's own BPE with `vocab.txt` and `bpe.codes`, some pieces left out of the vocabulary).
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import RobertaConfig, RobertaForSequenceClassification

out = Path(sys.argv[1])
texts = json.load(sys.stdin)
special = ["<s>", "<pad>", "</s>", "<unk>"]
torch.manual_seed(7)


def save_model(folder, vocabulary, labels):
    config = RobertaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=130,
        type_vocab_size=1,
        initializer_range=0.4,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    RobertaForSequenceClassification(config).save_pretrained(folder)


def trained(tokenizer, **more):
    trainer = trainers.BpeTrainer(vocab_size=3000, special_tokens=special, show_progress=False, **more)
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())["model"]


roberta = out / "roberta"
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
bpe = trained(tokenizer, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
save_model(roberta, len(bpe["vocab"]) + 1, ["LABEL_0", "LABEL_1", "LABEL_2"])
(roberta / "vocab.json").write_text(json.dumps({**bpe["vocab"], "<mask>": len(bpe["vocab"])}))
pairs = [pair if isinstance(pair, list) else pair.split(" ") for pair in bpe["merges"]]
(roberta / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in pairs))
names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
(roberta / "tokenizer_config.json").write_text(
    json.dumps({"tokenizer_class": "RobertaTokenizer", "model_max_length": 512, **names})
)

bertweet = out / "bertweet"
tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
bpe = trained(tokenizer, end_of_word_suffix="</w>")
pieces = [piece for piece in bpe["vocab"] if piece not in special]
# Every fiftieth longer piece is missing, as rare ones are in the real vocabulary.
kept = [piece for i, piece in enumerate(pieces) if i % 50 != 0 or len(piece) < 6]
lines = [piece[:-4] if piece.endswith("</w>") else f"{piece}@@" for piece in kept]
save_model(bertweet, len(lines) + 5, ["NEG", "NEU", "POS"])
(bertweet / "vocab.txt").write_text("".join(f"{line} 1\n" for line in lines), "utf-8")
pairs = [pair if isinstance(pair, list) else pair.split(" ") for pair in bpe["merges"]]
(bertweet / "bpe.codes").write_text("".join(f"{a} {b} 1\n" for a, b in pairs), "utf-8")
(bertweet / "tokenizer_config.json").write_text(
    json.dumps({"tokenizer_class": "BertweetTokenizer", "model_max_length": 128, "normalization": False})
)
