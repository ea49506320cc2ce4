"""Alibaba's Qwen 3, dense. Positions are those without YaRN. TGI 3.3 does not serve it (engines.py)."""

from dataclasses import replace

from model.spec import Dtype, ModelSpec, PromptFormat

_QWEN3_0_6B = ModelSpec(
    model_id="Qwen/Qwen3-0.6B",
    revision="c1899de289a04d12100db370d81485cdf75e47ca",
    model_type="qwen3",
    parameters=596_049_920,
    layers=28,
    hidden_size=1024,
    intermediate_size=3072,
    attention_heads=16,
    kv_heads=8,
    head_dim=128,
    vocab_size=151_936,
    max_positions=40_960,
    dtype=Dtype.BFLOAT16,
    prompt_format=PromptFormat.CHATML,
    tied_embeddings=True,
)

_QWEN3_1_7B = replace(
    _QWEN3_0_6B,
    model_id="Qwen/Qwen3-1.7B",
    revision="70d244cc86ccca08cf5af4e1e306ecf908b1ad5e",
    parameters=1_720_574_976,
    layers=28,
    hidden_size=2048,
    intermediate_size=6144,
    attention_heads=16,
)

_QWEN3_4B = replace(
    _QWEN3_0_6B,
    model_id="Qwen/Qwen3-4B",
    revision="1cfa9a7208912126459214e8b04321603b3df60c",
    parameters=4_022_468_096,
    layers=36,
    hidden_size=2560,
    intermediate_size=9728,
    attention_heads=32,
)

_QWEN3_8B = replace(
    _QWEN3_0_6B,
    model_id="Qwen/Qwen3-8B",
    revision="b968826d9c46dd6066d109eabc6255188de91218",
    parameters=8_190_735_360,
    layers=36,
    hidden_size=4096,
    intermediate_size=12_288,
    attention_heads=32,
    tied_embeddings=False,
)

_QWEN3_14B = replace(
    _QWEN3_0_6B,
    model_id="Qwen/Qwen3-14B",
    revision="40c069824f4251a91eefaf281ebe4c544efd3e18",
    parameters=14_768_307_200,
    layers=40,
    hidden_size=5120,
    intermediate_size=17_408,
    attention_heads=40,
    tied_embeddings=False,
)

_QWEN3_32B = replace(
    _QWEN3_0_6B,
    model_id="Qwen/Qwen3-32B",
    revision="9216db5781bf21249d130ec9da846c4624c16137",
    parameters=32_762_123_264,
    layers=64,
    hidden_size=5120,
    intermediate_size=25_600,
    attention_heads=64,
    tied_embeddings=False,
)

QWEN3 = (
    _QWEN3_0_6B,
    _QWEN3_1_7B,
    _QWEN3_4B,
    _QWEN3_8B,
    _QWEN3_14B,
    _QWEN3_32B,
)
