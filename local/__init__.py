"""One machine that answers like AWS and like TGI; nothing outside this folder and the commands that start it knows."""
