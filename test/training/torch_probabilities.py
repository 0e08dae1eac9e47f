"""What torch answers: probabilities of texts under a folder of transformers.

Usage: torch_probabilities.py MODEL_DIR MAX_TOKENS < texts

Standard input: a JSON list of model inputs. Standard output: a JSON list of lists of probabilities.
"""

import json
import sys

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

folder, max_tokens = sys.argv[1], int(sys.argv[2])
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
texts = json.load(sys.stdin)
order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
answers = [None] * len(texts)
with torch.inference_mode():
    for start in range(0, len(texts), 32):
        members = order[start : start + 32]
        inputs = tokenizer(
            [texts[i] for i in members], truncation=True, max_length=max_tokens, padding=True, return_tensors="pt"
        )
        logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
        for i, row in zip(members, logits.double().softmax(-1).tolist()):
            answers[i] = row
json.dump(answers, sys.stdout)
