"""Math-Verify's speed on pairs of answers: reads {"gold", "prediction"} lines from standard input,
prints pairs per CPU second of this one process. Needs `math-verify`; bench/verify_bench.cc runs it.

    python math_verify_peer.py < pairs.jsonl
"""

import json
import logging
import sys
import time

from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

logging.disable(logging.CRITICAL)
SECONDS = 20  # of CPU time at most: the rate settles long before


def answer(text):
    return parse(
        "$" + text + "$",
        extraction_config=[LatexExtractionConfig(), ExprExtractionConfig()],
    )


def main():
    pairs = [json.loads(line) for line in sys.stdin]
    answer("1")  # builds the grammar
    start = time.process_time()
    done = equal = 0
    for pair in pairs:
        equal += verify(answer(pair["gold"]), answer(pair["prediction"]))
        done += 1
        if time.process_time() - start > SECONDS:
            break
    seconds = time.process_time() - start
    print(f"pairs_per_s {done / seconds:.1f} ({done} pairs, {equal} of them equal)")


if __name__ == "__main__":
    main()
