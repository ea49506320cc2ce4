"""The makers behind the protocols. The rest of rag never imports this package: the composition root does."""

import sys
from importlib.util import find_spec, module_from_spec


def _leave_out_lance_rest_client() -> None:
    """Let `import lancedb` load the models of Lance's REST client without the client, which takes seconds of CPU.

    The client is for stores that a server keeps; ours are a folder or a bucket. Its package builds a validator for each
    route as soon as it is imported, so the package is entered as found and never run; its modules load as ever.
    """
    name = "lance_namespace_urllib3_client"
    if name not in sys.modules and (spec := find_spec(name)):
        sys.modules[name] = module_from_spec(spec)


_leave_out_lance_rest_client()
