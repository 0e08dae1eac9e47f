"""Trains two tokenizers on texts, and gives the ids of other texts under each of three.

Usage: write_tokens.py WORDPIECE_JSON OUT_DIR < texts

Not named tokenize: beside another script that name would stand for the module of the standard library.

Standard input: a JSON object {"train": [text], "encode": [text]}. OUT_DIR gets bpe.json, unigram.json, and for each of the
three families FAMILY.ids.json, the ids of the texts to encode, cut to 64 tokens.
"""

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

MAX_TOKENS = 64

wordpiece, out = sys.argv[1], Path(sys.argv[2])
texts = json.load(sys.stdin)
special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]

# As RoBERTa's: bytes, a space kept before words.
bpe = Tokenizer(models.BPE())
bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
bpe.decoder = decoders.ByteLevel()
bpe.train_from_iterator(
    texts["train"],
    trainers.BpeTrainer(
        vocab_size=8000,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    ),
)
bpe.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)

# As XLM-RoBERTa's: sentence pieces under NFKC, a mark in the place of spaces.
unigram = Tokenizer(models.Unigram())
unigram.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("  ", " ")])
unigram.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
unigram.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
unigram.train_from_iterator(
    texts["train"],
    trainers.UnigramTrainer(vocab_size=8000, special_tokens=special, unk_token="<unk>", show_progress=False),
)
unigram.post_processor = processors.TemplateProcessing(
    single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
)

families = {"wordpiece": Tokenizer.from_file(wordpiece), "bpe": bpe, "unigram": unigram}
for name, tokenizer in families.items():
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if name != "wordpiece":
        tokenizer.save(str(out / f"{name}.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    ids = [encoding.ids for encoding in tokenizer.encode_batch(texts["encode"])]
    (out / f"{name}.ids.json").write_text(json.dumps(ids))
