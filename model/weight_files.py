"""Which of a model's files an engine needs, and what is missing among them.

It knows names only: reading a folder, the hub or S3 is for others. What counts is what TGI and vLLM read from a local
folder: its top level, `*.safetensors`, and configuration files by their fixed names.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from model.errors import IncompleteModelError

CONFIG = "config.json"
INDEX = "model.safetensors.index.json"
_ADAPTER = "adapter_config.json"
_WEIGHTS = ".safetensors"
# Other forms of the same weights, which TGI would load on top of them: Mistral's own layout, and adapters.
_OTHER_FORMS = re.compile(r"consolidated.*|adapter_.*")
# By name, not by ending: a folder of one's own may hold any other JSON, and keys among them. Licences ask to go along.
_SETTINGS = re.compile(
    r"config\.json|generation_config\.json|model\.safetensors\.index\.json|quantize_config\.json|quant_config\.json|"
    r"hf_quant_config\.json|tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json|added_tokens\.json|"
    r"vocab\.json|vocab\.txt|merges\.txt|tokenizer\.model|tokenizer\.model\.v3|tekken\.json|spiece\.model|"
    r"sentencepiece\.bpe\.model|"
    r"chat_template\.json|chat_template\.jinja|preprocessor_config\.json|processor_config\.json|"
    r"(?:LICENSE|LICENCE|NOTICE|USE_POLICY)(?:\.md|\.txt)?"
)
# Any of these is a tokenizer; without one no engine starts.
_TOKENIZERS = frozenset(
    {
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer.model.v3",
        "tekken.json",
        "vocab.json",
        "vocab.txt",
        "spiece.model",
        "sentencepiece.bpe.model",
    }
)
# How save_pretrained() names the pieces of a large model, each with the number of all.
_PIECE = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<all>\d{5})\.safetensors")


def read_shards(index: object) -> frozenset[str]:
    """Return the names of the files that an index names.

    Args:
        index: the content of model.safetensors.index.json.

    Raises:
        IncompleteModelError: it names none.
    """
    weight_map: Any = index.get("weight_map") if isinstance(index, Mapping) else None
    names = list(weight_map.values()) if isinstance(weight_map, Mapping) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise IncompleteModelError(
            f"{INDEX} has no weight_map.", remedy="It must name each tensor's file, as save_pretrained() writes it."
        )
    return frozenset(names)


def choose(names: Collection[str], *, shards: frozenset[str] | None) -> tuple[str, ...]:
    """Return the names of the files to publish, in order.

    Args:
        names: all files, by their paths below the model's folder.
        shards: what the index names; None where there is no index.

    Raises:
        IncompleteModelError: they are no whole model; the error names what is missing.
    """
    weights = find_weights(names, shards=shards)
    if gaps := find_gaps(names, shards=shards):
        raise IncompleteModelError(f"this is no whole model: {'; '.join(gaps)}.", remedy=_advise(names))
    return tuple(sorted({name for name in names if _SETTINGS.fullmatch(name)} | weights))


def find_weights(names: Collection[str], *, shards: frozenset[str] | None) -> frozenset[str]:
    """Return the names of the weights among the files: what the index names, or else every safetensors file."""
    if shards is not None:
        return shards & frozenset(names)
    return frozenset(
        name for name in names if name.endswith(_WEIGHTS) and "/" not in name and not _OTHER_FORMS.fullmatch(name)
    )


def find_gaps(names: Collection[str], *, shards: frozenset[str] | None) -> list[str]:
    """Return what is missing among the files, in words; nothing where they are a whole model."""
    gaps = [] if CONFIG in names else [f"no {CONFIG}"]
    if shards is not None:
        gaps += [f"{INDEX} names {shard}, which is not there" for shard in sorted(shards - frozenset(names))]
    elif weights := find_weights(names, shards=None):
        if missing := sorted(_list_pieces(weights) - weights):
            gaps.append(f"no {missing[0]}" + (f" and {len(missing) - 1} more pieces" if len(missing) > 1 else ""))
    else:
        gaps.append("no *.safetensors")
    if not _TOKENIZERS & frozenset(names):
        gaps.append("no tokenizer (tokenizer.json or tokenizer.model)")
    return gaps


def _list_pieces(weights: Collection[str]) -> frozenset[str]:
    """Return the names of all pieces of the models that the files are pieces of: they say how many there are."""
    found = {(piece["stem"], piece["all"]) for piece in map(_PIECE.fullmatch, weights) if piece}
    return frozenset(
        f"{stem}-{number:05}-of-{count}.safetensors" for stem, count in found for number in range(1, int(count) + 1)
    )


def _advise(names: Collection[str]) -> str:
    if _ADAPTER in names and CONFIG not in names:
        return (
            "It is an adapter: merge it into its base model first (merge_and_unload() of peft) and save that, or "
            "deploy it beside its base (-c adapters=)."
        )
    if any(name.endswith((".bin", ".pth", ".pt")) for name in names) and not find_weights(names, shards=None):
        return (
            "Pickled weights (.bin, .pth) run code when they are read and are not published: save the model with "
            "save_pretrained(…, safe_serialization=True)."
        )
    return "Publish the whole folder that save_pretrained() wrote, its tokenizer included."
