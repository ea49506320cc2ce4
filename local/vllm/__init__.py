"""vLLM's HTTP contract (0.29, its SageMaker image) over llama.cpp: `python -m local.vllm --port 8080`.

Responsible for answering like the container of one copy: its environment, its routes, its JSON, its events, its errors
and its limits. It deliberately knows nothing of AWS: who starts it, how many copies there are and who calls it.

```
__main__ · server · log · statistics     the process: arguments, start, the log's lines, end
entrypoint · flags · settings            the environment → `vllm serve`'s flags → what was deployed
weights · gpu_memory · limits            what really serves, and whether the deployed model would
app · routes/                            HTTP: bodies in, JSON and events out
requests · messages · validation         what a client asks for, and whether it may
models                                   what a request may call the model
inference · stopping                     one generation; its text and its end
sampling · structured_outputs · errors · metrics
```

The model itself, and what else it shares with the other engine, is local/llama.

Where it knowingly differs from vLLM:

- Another model may answer: an entry of /v1/models has a field `stand_in`, the log a warning.
- Refused with 501 and the field's name: `n` and `best_of` above 1, beam search, `min_tokens`, `prompt_logprobs`,
  `echo`, `bad_words`, `allowed_token_ids`, `chat_template`. Tools are refused as by a vLLM without a parser for them.
- There are no routes but those of generation, models, adapters, health, metrics and tokens.
- At most 8 requests generate at once, and each is admitted with room for all that it may come to: nothing is preempted.
  So the KV cache's usage is what is set aside, and a request without `max_tokens` sets aside the rest of its window.
- `frequency_penalty` and `presence_penalty` count the prompt's tokens, too.
- A seed gives the same text again, but not the text that vLLM would give; llama.cpp uses 32 of its 64 bits.
- Log probabilities of tokens that only begin a character are not known: -9999.0 in a chat, null in a completion.
- Texts of pydantic come from its own version; a structured output that cannot be compiled is refused without the
  reason, which is in the log.
- A flag that is not in flags.py is refused, though it may be one of vLLM's.
- On /invocations without an adapter's header, the body's `model` is looked at.
- SIGTERM leaves answers 3 seconds to end.
"""
