"""What a client can ask for, one module a family of routes.

Each turns a request into generations (inference.py) and their results into TGI's JSON or events.
"""
