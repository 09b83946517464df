"""Runs LiteLLM's router over pairs of engines and prints what became of each question.

Reads a JSON list of {"first": URL, "second": URL} from standard input, and writes a JSON list: the text of the
answer, or the name of the error.
"""

import asyncio
import json
import os
import sys

# The package's own table of models: nothing is fetched.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402

litellm.suppress_debug_info = True


def engine(name, base_url):
    parameters = {
        "model": f"openai/{name}-model",
        "api_base": base_url,
        "api_key": "a-key-of-ours",
        "timeout": 1,
        "max_retries": 0,
    }
    return {"model_name": name, "litellm_params": parameters}


async def ask(pair):
    router = litellm.Router(
        model_list=[engine("first", pair["first"]), engine("second", pair["second"])],
        fallbacks=[{"first": ["second"]}],
        context_window_fallbacks=[{"first": ["second"]}],
        num_retries=0,
    )
    try:
        answer = await router.acompletion(
            model="first", messages=[{"role": "user", "content": "hello"}]
        )
        return answer.choices[0].message.content
    except Exception as error:  # noqa: BLE001: the name of any error is the answer
        return type(error).__name__


async def main():
    pairs = json.load(sys.stdin)
    print(json.dumps([await ask(pair) for pair in pairs]))


asyncio.run(main())
