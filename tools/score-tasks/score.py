"""Scores multiple-choice tasks without the runtime: an independent check of `sparsellm eval`.

    python3 score.py --model MODEL.gguf --data DIR --limit 200 --out PICKS.json

DIR holds TASK.jsonl files of {context | contexts, continuations, gold}. For each task the picks are written as two strings,
a digit for a question: the continuation of the greatest log-likelihood, and that of the greatest per byte. Definitions are
those of lm-evaluation-harness: context and continuation are tokenised together; blanks at the end of the context go to the
continuation; what does not fit the model is cut off on the left; bytes do not count the blank in front."""
import argparse
import json
import pathlib

import numpy as np

from llama import Llama

TASKS = "arc_challenge arc_easy boolq hellaswag openbookqa piqa sciq winogrande".split()


def log_likelihood(model, context, continuation):
    blanks = len(context) - len(context.rstrip())
    if blanks:
        context, continuation = context[:-blanks], context[-blanks:] + continuation
    ids = model.tokenizer.encode(context + continuation)
    scored = len(ids) - len(model.tokenizer.encode(context))
    ids = ids[-(model.context + 1):]
    first = len(ids) - scored
    rows = model.log_probabilities(ids[:-1], first - 1)
    return sum(row[id] for row, id in zip(rows, ids[first:]))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--model", required=True)
    arguments.add_argument("--data", type=pathlib.Path, required=True)
    arguments.add_argument("--limit", type=int, default=200)
    arguments.add_argument("--out", required=True)
    given = arguments.parse_args()
    model = Llama(given.model)
    results = {}
    for task in TASKS:
        picks, by_byte, total, closest, golds = "", "", 0.0, np.inf, 0
        with open(given.data / f"{task}.jsonl", encoding="utf-8") as lines:
            for _, line in zip(range(given.limit), lines):
                question = json.loads(line)
                answers = question["continuations"]
                contexts = question.get("contexts") or [question["context"]] * len(answers)
                scores = np.array([log_likelihood(model, c, a) for c, a in zip(contexts, answers)])
                size = np.array([max(1, len(a.removeprefix(" ").encode())) for a in answers])
                picks += str(scores.argmax())
                by_byte += str((scores / size).argmax())
                golds += int(scores.argmax()) == question["gold"]
                total += scores.sum()
                for s in scores, scores / size:
                    ordered = np.sort(s)
                    closest = min(closest, (ordered[-1] - ordered[-2]) / abs(ordered[-1]))
        results[task] = {"picks": picks, "picks_by_byte": by_byte, "sum_of_log_likelihoods": round(total, 3)}
        print(f"{task}: acc {golds / len(picks):.3f}, the closest decision by {closest:.1e} of its log-likelihood", flush=True)
    with open(given.out, "w") as f:
        json.dump(results, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
