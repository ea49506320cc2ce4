"""LoRA adapters: from the files of PEFT to what llama.cpp applies.

```
peft         the folder: adapter_config.json and adapter_model.safetensors, and what vLLM refuses of it
conversion   the tensors under llama.cpp's names and in its order, as a GGUF file
loading      an adapter's way into a running server, and out of it
```
"""
