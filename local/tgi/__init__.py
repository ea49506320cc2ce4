"""Text Generation Inference's HTTP contract over llama.cpp."""
