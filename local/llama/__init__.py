"""What an engine's container is made of here, whichever contract it speaks: llama.cpp as the model, and a process.

The contracts are local/tgi and local/vllm. This package knows neither of them, and nothing of AWS.

```
server · client · engine            llama.cpp: loaded in this process, spoken to, text → tokens → more tokens
step_decoder · tokens · vocabulary  its results as tokens, and what the tokens stand for
scheduler                           who generates now and who waits
model                               the server of now, and another in its place when the adapters change
weights · model_file · gguf         which file serves, and what it says of itself
hub · mounted                       whether the engine would have got the deployment's own
listening · events · disconnect     the process's address, streams, clients that leave
```
"""
