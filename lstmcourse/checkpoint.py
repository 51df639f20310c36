"""Checkpoints: one safetensors file with weights, optimizer and random states, checked by sha256; no pickle in it.

The file's header is JSON (`__metadata__` of the safetensors format): format, versions, step, cell, sizes and order of
the rows of each recurrent layer, the sha256 of header and tensors together. Writing is atomic: after a run that was
killed while saving, the previous file is there.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from . import __version__, _files
from .nn import Recurrent, RecurrentCell, gates

SIZES = ("input_size", "hidden_size", "num_layers", "proj_size", "bidirectional")
FORMAT = "lstmcourse checkpoint 1"


class CheckpointError(Exception):
    """A checkpoint cannot be used: the file is missing, damaged or belongs to something else; the text says which."""


class Checkpoint(NamedTuple):
    """What a file holds besides the weights: the step, the caller's `extra`, and the header as written."""

    step: int
    extra: dict[str, Any]
    header: dict[str, str]


def save(
    path: str | Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    *,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None = None,
    step: int = 0,
    rng: np.random.Generator | None = None,
    extra: dict[str, Any] | None = None,
) -> Path:
    """Write model, optimizer, scheduler, torch's random state, the rng's state and `extra` (JSON values) to one file.

    The folder is made if need be. Raises CheckpointError when the file cannot be written, TypeError for an optimizer
    whose state is not all tensors and numbers (LBFGS), for a scheduler's state that is not all numbers and texts in
    lists, tuples and dicts, for an rng that is no Generator whose state JSON can hold, or an `extra` that it cannot.
    """
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
    path = Path(path)
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    header = {
        "format": FORMAT,
        "lstmcourse": __version__,
        "torch": torch.__version__,
        "model": type(model).__name__,
        "layers": json.dumps(_layers(model)),
        "step": str(step),
        "extra": json.dumps(extra or {}),
    }
    if optimizer is not None:
        state = optimizer.state_dict()
        header["optimizer"] = json.dumps({"class": type(optimizer).__name__, "groups": state["param_groups"]})
        for index, values in state["state"].items():
            odd = [key for key, value in values.items() if not isinstance(value, Tensor | int | float)]
            if odd:
                kind = f"{type(optimizer).__name__}, whose {odd[0]} is {type(values[odd[0]]).__name__}"
                raise TypeError(f"optimizer must have a state of tensors and numbers, got {kind}")
            tensors |= {f"optimizer.{index}.{key}": torch.as_tensor(value) for key, value in values.items()}
    if scheduler is not None:
        kind = type(scheduler).__name__
        header["scheduler"] = json.dumps({"class": kind, "state": _encoded(kind, scheduler.state_dict())})
    if rng is not None:
        header["rng"] = json.dumps(rng.bit_generator.state)
    tensors["random.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors |= {f"random.cuda{k}": value for k, value in enumerate(torch.cuda.get_rng_state_all())}
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    header["sha256"] = _sha256(header, tensors)
    try:
        _files.write(path, safetensors.torch.save(tensors, header))
    except OSError as error:
        raise CheckpointError(f"cannot write {path}: {error.strerror or error}") from error
    return path


def load(
    path: str | Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    *,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None = None,
    rng: np.random.Generator | None = None,
    random_state: bool = False,
) -> Checkpoint:
    """Fill model (and optimizer, scheduler, rng) from a file of `save`; nothing is changed unless all of it fits.

    random_state: also set torch's own random state, as a resumed run needs it for dropout.
    Raises CheckpointError for a missing, damaged or foreign file, for weights of another cell, or with other names,
    shapes or dtypes than the model's, for weights that are not finite, and for an optimizer, scheduler or rng that the
    file does not hold.
    """
    path = Path(path)
    header, tensors = _read(path)
    weights = _group(tensors, "model.")
    _fits(path, weights, model)
    _same_cells(path, header, model)
    groups = None if optimizer is None else _optimizer_groups(path, header, optimizer)
    planned = None if scheduler is None else _stored(path, header, "scheduler", scheduler)
    if rng is not None and "rng" not in header:
        raise CheckpointError(f"{path} holds no state of an rng: save it with rng=, or load without")
    state_of_rng: dict[str, Any] = {} if rng is None else json.loads(header["rng"])
    if rng is not None and state_of_rng["bit_generator"] != (kind := type(rng.bit_generator).__name__):
        raise CheckpointError(f"rng must be a {state_of_rng['bit_generator']} as in {path}, got {kind}")
    model.load_state_dict(weights)
    if optimizer is not None:
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _group(tensors, "optimizer.").items():
            index, key = name.split(".", 1)
            state.setdefault(int(index), {})[key] = value
        optimizer.load_state_dict({"state": state, "param_groups": groups})
    if scheduler is not None and planned is not None:
        scheduler.load_state_dict(_decoded(planned["state"]))
    if rng is not None:
        rng.bit_generator.state = state_of_rng
    if random_state:
        torch.set_rng_state(tensors["random.cpu"])
        for name, value in _group(tensors, "random.cuda").items():
            if int(name) < torch.cuda.device_count():
                torch.cuda.set_rng_state(value, int(name))
    return Checkpoint(int(header["step"]), json.loads(header["extra"]), header)


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        tensors = safetensors.torch.load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__", {})
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{path} ({len(data)} bytes) is damaged or no checkpoint ({error}): train again or take an earlier file"
        ) from error
    if header.get("format") != FORMAT:
        raise CheckpointError(f"{path} must have the format {FORMAT!r}, got {header.get('format')!r}")
    expected, got = header.get("sha256"), _sha256(header, tensors)
    if expected != got:
        raise CheckpointError(
            f"{path} ({len(data)} bytes) is damaged: its sha256 must be {expected}, got {got}; "
            "train again or take an earlier file"
        )
    return header, tensors


def _sha256(header: dict[str, str], tensors: dict[str, Tensor]) -> str:
    """One hash over the header (without its own sha256) and every tensor's name, dtype, shape and bytes."""
    digest = hashlib.sha256(json.dumps({k: v for k, v in header.items() if k != "sha256"}, sort_keys=True).encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _group(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _fits(path: Path, weights: dict[str, Tensor], model: nn.Module) -> None:
    own = model.state_dict()
    for name in [*own, *sorted(weights)]:
        if name not in weights:
            raise CheckpointError(f"{path} holds no {name}, which the model has")
        if name not in own:
            raise CheckpointError(f"{path} holds {name}, which the model has not")
        expected, got = own[name], weights[name]
        if expected.shape != got.shape:
            raise CheckpointError(f"{name} must have shape {tuple(expected.shape)}, got {tuple(got.shape)} from {path}")
        if expected.dtype != got.dtype:
            raise CheckpointError(f"{name} must have dtype {expected.dtype}, got {got.dtype} from {path}")
        if got.is_floating_point() and not got.isfinite().all():
            raise CheckpointError(f"{name} must be finite, got nan or inf from {path}")


def _layers(model: nn.Module) -> dict[str, dict[str, Any]]:
    """What tells the recurrent layers and cells of a model from others whose weights have the same shapes."""
    layers = {name: getattr(m, "_template", m) for name, m in model.named_modules()}  # an ensemble's, for all its nets
    return {
        name: {"cell": _mode(m), "rows": gates(m)[0] or "h"} | {k: getattr(m, k) for k in SIZES if hasattr(m, k)}
        for name, m in layers.items()
        if isinstance(m, (Recurrent, RecurrentCell, nn.RNNBase, nn.RNNCellBase))
    }


def _mode(layer: Any) -> str:
    """A layer's or cell's `mode`, which torch's cells have not."""
    if isinstance(layer, nn.RNNCell):
        return f"RNN_{layer.nonlinearity.upper()}"
    return getattr(layer, "mode", type(layer).__name__.removesuffix("Cell"))


def _same_cells(path: Path, header: dict[str, str], model: nn.Module) -> None:
    stored = json.loads(header.get("layers", "{}"))
    for name, layer in _layers(model).items():
        if name in stored and stored[name]["cell"] != layer["cell"]:
            raise CheckpointError(
                f"{name or 'model'} must be of the cell {stored[name]['cell']} as in {path}, got {layer['cell']}"
            )


def _stored(path: Path, header: dict[str, str], what: str, given: Any) -> dict[str, Any]:
    """What the header holds for an optimizer or scheduler, whose class must be that of the one given."""
    if what not in header:
        raise CheckpointError(f"{path} holds no {what}: save it with the {what}, or load without")
    stored = json.loads(header[what])
    if stored["class"] != type(given).__name__:
        raise CheckpointError(f"{what} must be {stored['class']} as in {path}, got {type(given).__name__}")
    return stored


KINDS: dict[str, type] = {"dict": dict, "Counter": Counter}  # JSON has the first, but not with numbers as keys


def _encoded(kind: str, value: Any) -> Any:
    """A scheduler's state in what JSON knows: lists stay lists, a dict becomes {"dict": [[key, value] …]}."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if type(value) in (list, tuple):
        entries = [_encoded(kind, v) for v in value]
        return entries if type(value) is list else {"tuple": entries}
    name = type(value).__name__
    if not isinstance(value, dict) or KINDS.get(name) is not type(value):
        raise TypeError(f"scheduler must have a state of numbers and texts, got {kind}, which holds a {name}")
    return {name: [[key, _encoded(kind, v)] for key, v in value.items()]}


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(v) for v in value]
    if not isinstance(value, dict):
        return value
    ((name, entries),) = value.items()
    entries = _decoded(entries)
    return tuple(entries) if name == "tuple" else KINDS[name](dict(entries))


def _optimizer_groups(path: Path, header: dict[str, str], optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    stored = _stored(path, header, "optimizer", optimizer)
    sizes = [len(group["params"]) for group in stored["groups"]]
    got = [len(group["params"]) for group in optimizer.param_groups]
    if sizes != got:
        raise CheckpointError(f"optimizer must have groups of {sizes} parameters as in {path}, got {got}")
    return stored["groups"]
