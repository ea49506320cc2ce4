"""What an engine's container is made of here, whichever contract it speaks: llama.cpp as the model, and a process.

The contracts are local/tgi and local/vllm. This package knows neither of them, and nothing of AWS.

```
server · client · engine            llama.cpp: loaded in this process, spoken to, text → tokens → more tokens
step_decoder · tokens · vocabulary  its results as tokens, and what the tokens stand for
scheduler                           who generates now and who waits
weights · gguf · hub · mounted      which file serves, and whether SageMaker would have had the deployment's own
listening · events · disconnect     the process's address, streams, clients that leave
```
"""
