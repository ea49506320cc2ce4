"""LoRA adapters while the server runs: really applied, and refused as vLLM refuses them."""

import threading
from pathlib import Path

import httpx
import numpy as np
import pytest

from local.llama.gguf import read_metadata, read_shapes
from local.llama.weights import find_small_model
from local.vllm.adapters.conversion import convert, reorder_rows
from local.vllm.adapters.peft import Tensor, UnusableAdapterError, read_adapter
from tests.local.vllm.peft import save_adapter

# With a seed a prompt is computed anew each time, so that answers are the same to the last bit.
BODY = {"prompt": "The capital of France is", "max_tokens": 4, "temperature": 0, "seed": 1}


def ask(client: httpx.Client, adapter: str | None = None, **more: object) -> str:
    headers = {"X-Amzn-SageMaker-Adapter-Identifier": adapter} if adapter else {}
    answer = client.post("/invocations", json=BODY | more, headers=headers).json()
    assert answer["model"] == (adapter or "twin")
    return answer["choices"][0]["text"]


def register(client: httpx.Client, name: str, folder: Path) -> httpx.Response:
    return client.post("/adapters", json={"name": name, "src": str(folder)})


def test_an_adapter_changes_the_answer_of_who_asks_for_it_only(vllm: httpx.Client, adapters: Path):
    before = ask(vllm)
    for name, options in (("ada", {"seed": 1}), ("bob", {"seed": 2}), ("nil", {"strength": 0.0})):
        answer = register(vllm, name, save_adapter(adapters / name, **options))
        assert (answer.status_code, answer.text) == (200, f"Adapter {name} registered")
    answers = {name: ask(vllm, name) for name in ("ada", "bob", "nil")}
    assert answers["nil"] == before, "an adapter of zeros has no effect"
    assert len({before, answers["ada"], answers["bob"]}) == 3
    assert (ask(vllm), ask(vllm, "ada")) == (before, answers["ada"])
    # As OpenAI's clients ask for one: by the model's name.
    named = vllm.post("/v1/completions", json=BODY | {"model": "ada"}).json()
    assert (named["model"], named["choices"][0]["text"]) == ("ada", answers["ada"])


def test_adapters_are_listed_and_forgotten(vllm: httpx.Client, adapters: Path):
    folder = save_adapter(adapters / "ada")
    assert (
        "added successfully"
        in vllm.post("/v1/load_lora_adapter", json={"lora_name": "ada", "lora_path": str(folder)}).text
    )
    base, listed = vllm.get("/v1/models").json()["data"]
    assert (base["id"], base["root"], base["parent"]) == ("twin", "HuggingFaceTB/SmolLM2-135M-Instruct", None)
    assert (listed["id"], listed["root"], listed["parent"], listed["stand_in"]) == ("ada", str(folder), "twin", None)
    again = register(vllm, "ada", folder)
    assert (again.status_code, again.json()["error"]["type"]) == (400, "InvalidUserInput")
    assert vllm.delete("/adapters/ada").text == "Adapter ada unregistered"
    gone = vllm.post("/invocations", json=BODY, headers={"X-Amzn-SageMaker-Adapter-Identifier": "ada"})
    assert (gone.status_code, gone.json()["error"]["message"]) == (404, "The model `ada` does not exist.")
    unknown = vllm.post("/v1/unload_lora_adapter", json={"lora_name": "ada"})
    assert (unknown.status_code, unknown.json()["error"]["type"]) == (404, "NotFoundError")


def test_an_answer_that_is_being_written_is_not_disturbed_by_a_new_adapter(vllm: httpx.Client, adapters: Path):
    wanted = ask(vllm, max_tokens=24, ignore_eos=True)
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(ask(vllm, max_tokens=24, ignore_eos=True)))
    thread.start()
    assert register(vllm, "ada", save_adapter(adapters / "ada")).status_code == 200
    thread.join()
    assert answers == [wanted]


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ({"rank": 32}, 500, "Call to add_lora method failed: LoRA rank 32 is greater than max_lora_rank 16."),
        ({"use_dora": True}, 500, "vLLM does not yet support DoRA."),
        ({"module": "mlp.router"}, 500, "expected target modules in "),
        ({"columns": 4096}, 500, "has the shape (8, 4096) and the model that runs needs (8, 576)"),
        ({"r": "eight"}, 500, "r='eight'"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused(vllm: httpx.Client, adapters: Path, options, status, message):
    answer = register(vllm, "ada", save_adapter(adapters / "ada", **options))
    assert answer.status_code == status
    assert message in answer.json()["error"]["message"]
    assert len(vllm.get("/v1/models").json()["data"]) == 1


def test_a_folder_without_an_adapter_and_damaged_files_are_told_apart(vllm: httpx.Client, adapters: Path):
    missing = register(vllm, "ada", adapters / "nowhere")
    assert (missing.status_code, missing.json()["error"]["type"]) == (404, "NotFoundError")
    folder = save_adapter(adapters / "ada")
    (folder / "adapter_model.safetensors").write_bytes(b"\xff" * 100)
    assert "is no readable safetensors file" in register(vllm, "ada", folder).json()["error"]["message"]
    (folder / "adapter_config.json").write_text("no json")
    assert "adapter_config.json cannot be read" in register(vllm, "ada", folder).json()["error"]["message"]


def test_where_another_model_stands_in_an_adapter_of_the_deployed_one_is_stood_in_for(
    stand_in: httpx.Client, stand_in_container, tmp_path: Path
):
    before = stand_in.post("/v1/completions", json=BODY).json()["choices"][0]["text"]
    folder = save_adapter(tmp_path / "ada", columns=4096, base_model_name_or_path="meta-llama/Llama-3.1-8B")
    assert register(stand_in, "ada", folder).status_code == 200
    told = {"serves": "HuggingFaceTB/SmolLM2-135M-Instruct", "instead_of": "mlabonne/TwinLlama-3.1-8B-DPO"}
    assert [model["stand_in"] for model in stand_in.get("/v1/models").json()["data"]] == [told, told]
    answer = stand_in.post("/v1/completions", json=BODY | {"model": "ada"}).json()
    assert (answer["model"], answer["choices"][0]["text"]) == ("ada", before)
    warnings = [line for line in stand_in_container.lines if "STAND-IN" in line]
    assert "answers instead of mlabonne/TwinLlama-3.1-8B-DPO" in warnings[0]
    assert "answers instead of adapter 'ada' on mlabonne/TwinLlama-3.1-8B-DPO" in warnings[1]


def test_rows_are_put_in_the_order_in_which_llama_cpp_rotates_them():
    rows = np.arange(12 * 3, dtype="<f4").reshape(12, 3)
    moved = reorder_rows(Tensor(dtype="F32", shape=rows.shape, data=rows.tobytes()), heads=3)
    # As llama.cpp's converter does it with arrays.
    expected = rows.reshape(3, 2, 2, 3).swapaxes(1, 2).reshape(12, 3)
    assert moved.data == expected.tobytes()


@pytest.mark.parametrize(
    ("config", "alpha"), [({"lora_alpha": 32}, 32.0), ({"lora_alpha": 4, "use_rslora": True}, 16.0)]
)
def test_the_file_has_llama_cpps_names_shapes_and_scale(tmp_path: Path, config: dict[str, object], alpha: float):
    adapter = read_adapter(save_adapter(tmp_path, rank=16, **config), max_rank=16)
    model_file, file = find_small_model(), tmp_path / "adapter.gguf"
    file.write_bytes(convert(adapter, metadata=read_metadata(model_file), shapes=read_shapes(model_file)))
    head = read_metadata(file)
    assert (head["general.architecture"], head["adapter.type"]) == ("llama", "lora")
    # It is divided by the rank there: 32 / 16, and 4 / sqrt(16).
    assert head["adapter.lora.alpha"] == alpha
    shapes = read_shapes(file)
    assert shapes["blk.10.attn_k.weight.lora_a"] == (576, 16)
    assert shapes["blk.10.attn_k.weight.lora_b"] == (16, 192)
    assert len(shapes) == len(adapter.tensors)


def test_an_adapter_of_one_matrix_is_refused(tmp_path: Path):
    adapter = read_adapter(save_adapter(tmp_path), max_rank=16)
    model_file = find_small_model()
    tensors = {name: tensor for name, tensor in adapter.tensors.items() if "10.mlp" not in name or "lora_A" in name}
    half = type(adapter)(**{**vars(adapter), "tensors": tensors})
    with pytest.raises(UnusableAdapterError, match=r"only one is there: \['blk\.10\.ffn_down\.weight\.lora_a'\]"):
        convert(half, metadata=read_metadata(model_file), shapes=read_shapes(model_file))
