"""Answers commands, one JSON object a line on stdin, with one JSON object a line on stdout: {"result"} or {"error"}."""
import json
import os
import sys

# What libraries and their child processes print must not get between the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def serve(commands):
    """commands: name -> function of the command's other fields. Ends with stdin."""
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {"result": commands[command.pop("do")](**command)}
        except Exception as e:
            answer = {"error": f"{type(e).__name__}: {e}"}
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()
    # The libraries' own threads may still run, and abort an orderly end.
    os._exit(0)
