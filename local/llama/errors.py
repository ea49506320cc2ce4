"""What can go wrong below an engine's contract, in nobody's words but ours.

```
LlamaError              the root
├── StartupError        the server does not start: its message is the last line on stderr
├── AnswerError         llama.cpp refused a request or broke off (client.py); engine.py says what that means
├── EngineError         it failed while it generated; may be sent again
├── TemplateError       the chat template refused the messages
└── GrammarError        it cannot compile a grammar, or the model cannot be held to one
```

How a client is told of the last three, and with which status, is the business of the contract (local/tgi, local/vllm).
"""


class LlamaError(Exception):
    """Anything that this package raises on purpose."""


class StartupError(LlamaError):
    """The settings or the weights do not allow a start. The message names the value and what is allowed."""


class AnswerError(LlamaError):
    """llama.cpp refused a request or broke off.

    Attributes:
        status: its HTTP status.
        message: what it said.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"llama.cpp answered {status}: {message}")
        self.status = status
        self.message = message


class EngineError(LlamaError):
    """The engine failed."""


class TemplateError(LlamaError):
    """The model's chat template refused the messages, or there is none."""


class GrammarError(LlamaError):
    """A grammar that cannot be kept to. The message says why, as far as it is known."""
