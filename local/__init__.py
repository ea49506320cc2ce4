"""One machine that answers like AWS, TGI and vLLM; nothing outside this folder and the commands that start it knows."""
