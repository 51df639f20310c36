"""Checkpoints: one safetensors file with weights, optimizer and random states, checked by sha256; no pickle in it.

The file's header is JSON (`__metadata__` of the safetensors format): format, versions, step, the sha256 of header and
tensors together. Writing is atomic: after a run that was killed while saving, the previous file is there.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from . import __version__, _files

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
    step: int = 0,
    rng: np.random.Generator | None = None,
    extra: dict[str, Any] | None = None,
) -> Path:
    """Write model, optimizer, torch's random state, the rng's state and `extra` (JSON values) to one file.

    The folder is made if need be. Raises CheckpointError when the file cannot be written, TypeError for an optimizer
    whose state is not all tensors and numbers (LBFGS), for an rng that is no Generator whose state JSON can hold, or
    for an `extra` that it cannot.
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
    rng: np.random.Generator | None = None,
    random_state: bool = False,
) -> Checkpoint:
    """Fill model (and optimizer, and rng) from a file of `save`; nothing is changed unless all of it fits.

    random_state: also set torch's own random state, as a resumed run needs it for dropout.
    Raises CheckpointError for a missing, damaged or foreign file, for weights with other names, shapes or dtypes than
    the model's, for weights that are not finite, and for an optimizer or rng that the file does not hold.
    """
    path = Path(path)
    header, tensors = _read(path)
    weights = _group(tensors, "model.")
    _fits(path, weights, model)
    groups = None if optimizer is None else _optimizer_groups(path, header, optimizer)
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


def _optimizer_groups(path: Path, header: dict[str, str], optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    if "optimizer" not in header:
        raise CheckpointError(f"{path} holds no optimizer: save it with the optimizer, or load without")
    stored = json.loads(header["optimizer"])
    if stored["class"] != type(optimizer).__name__:
        raise CheckpointError(f"optimizer must be {stored['class']} as in {path}, got {type(optimizer).__name__}")
    sizes = [len(group["params"]) for group in stored["groups"]]
    got = [len(group["params"]) for group in optimizer.param_groups]
    if sizes != got:
        raise CheckpointError(f"optimizer must have groups of {sizes} parameters as in {path}, got {got}")
    return stored["groups"]
