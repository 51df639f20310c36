"""What `_torch_private` asks torch. Where one of these fails with a new torch, its message says what to do."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lstmcourse.nn.ways import _torch_private as private


def test_it_knows_a_transform_of_torch_func():
    seen = []
    torch.func.grad(lambda x: seen.append(private.in_functorch()) or x.sum())(torch.ones(2))
    assert (seen, private.in_functorch()) == ([True], False), (
        "in_functorch is wrong: ask torch.func's own way of telling, as torch.autograd.Function.apply does; without "
        'one, impl="auto" would take the scan inside vmap and fail'
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, where it loads its decompositions
def test_it_knows_forward_mode():
    with torch.autograd.forward_ad.dual_level():
        inside = private.in_forward_mode()
    assert (inside, private.in_forward_mode()) == (True, False), (
        "in_forward_mode is wrong: see how torch.autograd.forward_ad.enter_dual_level counts its levels now; "
        "unpack_dual(x).tangent of the input would do for dual inputs, though not for dual parameters"
    )


def test_it_knows_a_dispatch_mode():
    with FlopCounterMode(display=False):
        inside = private.in_dispatch_mode()
    assert (inside, private.in_dispatch_mode()) == (True, False), (
        "in_dispatch_mode is wrong: see how torch.utils._python_dispatch counts its modes now; without an answer "
        "make_fx would write the scan's results down as constants"
    )


def test_it_knows_gradients_that_come_many_at_once():
    seen = []

    class Spy(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            seen.append(private.is_batched_gradient(g))
            return g

    x = torch.ones(3, requires_grad=True)
    torch.autograd.grad(Spy.apply(x), x, torch.eye(3), is_grads_batched=True)
    torch.autograd.grad(Spy.apply(x), x, torch.ones(3))
    assert seen == [True, False], (
        "is_batched_gradient is wrong: see what torch.autograd.grad wraps its gradients in now; if torch.func.vmap "
        "does it, in_functorch() tells"
    )


def test_it_knows_zeros_without_memory():
    zero = torch._efficientzerotensor(2, 3)
    assert (private.is_zero_by_a_flag(zero), private.is_zero_by_a_flag(torch.zeros(2, 3))) == (True, False), (
        "is_zero_by_a_flag is wrong: if torch has no such tensors any more, return False; else the scan would read "
        "what lies at address 0"
    )
