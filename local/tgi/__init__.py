"""Text Generation Inference's HTTP contract (TGI 3.3) over llama.cpp: `python -m local.tgi --port 8080`.

Responsible for answering like the container of one copy: its environment, its routes, its JSON, its events, its errors
and its limits. It deliberately knows nothing of AWS: who starts it, how many copies there are and who calls it.

```
__main__ · server · log                  the process: arguments, start, signals, end
environment · settings · weights · limits    what was deployed, and what really serves
app · framing · fields · routes/         HTTP: bodies in, JSON and events out
*_request · validation                   what a client asks for, and whether it may
inference · stopping                     one generation; its end
sampling · grammar · errors · metrics
```

The model itself, and what else it shares with the other engine, is local/llama.

Where it knowingly differs from TGI:

- Another model may answer: `/info` has a field `stand_in`, the log a warning. `x-compute-type` is `cpu`.
- Refused with an error that says so: tool calls (422 tool_error) and `watermark`. Read as plain text: images in
  messages. Not loaded: LoRA adapters; as in TGI, an unknown `adapter_id` is answered by the model itself.
- `logprob` is null for tokens that only begin a character: llama.cpp does not tell it. Without sampling, `logprob` is
  the model's own, before repetition and frequency penalties; with sampling it is what TGI reports: after every filter.
- `frequency_penalty` is divided by the prompt's length, in TGI by the length of the text so far.
- A seed gives the same text again, but not the text that TGI would give; llama.cpp uses 32 of its 64 bits.
- `decoder_input_details` takes one short pass of the model for each token of the prompt.
- Every token that llama.cpp takes for an end of sequence ends an answer, in TGI those of the generation config.
- An answer that is cut within a character keeps the text before it; TGI's text is empty then.
- A grammar that cannot be compiled is refused without the reason, which is in the log.
- Texts of 400 and 422 (plain text) come from Python's parser or lack the line and column.
- `tgi_request_count` counts a chat once, TGI twice. Of TGI's metrics of batches only the current sizes exist.
- MAX_BATCH_PREFILL_TOKENS, MAX_WAITING_TOKENS, WAITING_SERVED_RATIO and the settings of GPUs and kernels have no
  effect. MAX_BATCH_SIZE is 4 unless set, and 16 at most.
- SIGTERM leaves streams 3 seconds to end, TGI's launcher 90. There is no /docs, /vertex or kserve.
"""
