# The loop of a measuring process, as in bench/src/child/answer.ts: JSON lines on stdin and stdout.
import json
import resource
import sys
import time


def answer_requests(prepare):
    """prepare(workload) gives (work, detail, run); run does the work once and returns when it is done."""
    run = None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            if request["do"] == "prepare":
                work, detail, run = prepare(request["workload"])
                reply = {"work": work, "detail": detail}
            else:
                start = time.perf_counter()
                for _ in range(request["repetitions"]):
                    run()
                seconds = time.perf_counter() - start
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
                reply = {"seconds": seconds, "peakBytes": peak}
        except Exception as error:  # told to the asker, who leaves this peer out
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
