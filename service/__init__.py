"""The business microservice: questions in, answers in the author's voice out, over HTTP.

```
settings → app.create_app → lifespan.Twin           composition root: nothing is made before the app starts
routers/ (rag, search, documents, openai, health, metrics, page)    one noun each; wire/ has what they read and write
callers, admission, problems, request_record        who may ask, how many at once, what an error becomes, what is logged
endpoint, generator, model_failures                 the LLM microservice, as rag's Generator
jobs, spool, uploads                                documents taken in, in the background
page/                                               plain files for a browser
```

It knows rag's protocols and inference_client's public surface, and nothing of who deployed the endpoint or where it
runs.
"""
