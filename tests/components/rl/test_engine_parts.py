"""Parts of the engine that need no model: layout of a packed stream, log-probs of tokens, choosing them, prefills."""

import torch

from rlvr.rl.choice import choose, uniforms
from rlvr.rl.encoding import continuation
from rlvr.rl.layout import SegmentLayout
from rlvr.rl.logprobs import token_logprobs
from rlvr.training import Sampling


def test_layout_positions_predictors_and_masks():
    layout = SegmentLayout(
        [torch.tensor([1, 2]), torch.tensor([3])],
        [[torch.tensor([5, 6]), torch.tensor([5, 7, 8])], [torch.tensor([9, 9])]],
    )
    assert layout.ids.tolist() == [1, 2, 3, 5, 6, 7, 8, 9, 9]
    assert layout.predictors.tolist() == [1, 3, 4, 1, 3, 5, 6, 2, 7, 8]
    positions = layout.positions([torch.tensor([[0, 1]]), torch.tensor([[4]])])
    assert positions.tolist() == [[0, 1, 4, 2, 3, 3, 4, 5, 6]]
    branch = layout.segments[3]
    assert branch.path == ((0, 2), (3, 4)) and branch.depth == 1
    assert layout.mask(branch).tolist() == [[True, True, True, True, False], [True, True, True, True, True]]
    keys, queries, ends, longest, widest = layout.varlen()
    assert keys.tolist() == [0, 1, 2, 0, 1, 3, 4, 0, 1, 3, 5, 6, 2, 7, 8]
    assert queries.tolist() == [0, 2, 3, 5, 7, 9] and ends.tolist() == [0, 2, 3, 7, 12, 15]
    assert (longest, widest) == (2, 5)
    keys, queries, _, _, _ = layout.varlen(3)  # the prompts have been read before
    assert keys.tolist() == [0, 1, 3, 4, 0, 1, 3, 5, 6, 2, 7, 8] and queries.tolist() == [0, 2, 4, 6]


def test_token_logprobs_equal_log_softmax_with_gradients():
    torch.manual_seed(0)
    for count in (2500, 100):  # rebuilt in chunks, and kept
        hidden, weight = torch.randn(count, 8, requires_grad=True), torch.randn(40, 8, requires_grad=True)
        targets, slope = torch.randint(0, 40, (count,)), torch.randn(count)
        ours = token_logprobs(hidden, weight, targets, temperature=0.7)
        grads = torch.autograd.grad((ours * slope).sum(), (hidden, weight))
        plain = (hidden @ weight.t() / 0.7).log_softmax(-1).gather(1, targets[:, None])[:, 0]
        expected = torch.autograd.grad((plain * slope).sum(), (hidden, weight))
        assert torch.allclose(ours, plain, atol=1e-6)
        assert all(torch.allclose(a, b, atol=2e-5, rtol=1e-5) for a, b in zip(grads, expected, strict=True))


def test_sampling_follows_the_distribution():
    probabilities = torch.tensor([0.5, 0.3, 0.15, 0.05])
    many = probabilities.log().expand(20_000, -1)
    uniform = uniforms("key", 20_000)

    def shares(suppressed=(), **settings):
        tokens, logprobs = choose(many, Sampling(**settings), uniform, torch.tensor(suppressed, dtype=torch.long))
        assert torch.allclose(logprobs, many.gather(1, tokens[:, None])[:, 0], atol=1e-6)
        return torch.bincount(tokens, minlength=4) / 20_000

    assert torch.allclose(shares(), probabilities, atol=0.02)
    assert torch.allclose(shares(top_k=2), torch.tensor([0.625, 0.375, 0, 0]), atol=0.02)
    assert torch.allclose(shares(top_p=0.7), torch.tensor([0.625, 0.375, 0, 0]), atol=0.02)
    assert torch.allclose(shares(min_p=0.25), torch.tensor([0.526, 0.316, 0.158, 0]), atol=0.02)
    assert torch.allclose(shares((0,)), torch.tensor([0, 0.6, 0.3, 0.1]), atol=0.02)
    assert shares(temperature=0)[0] == 1 and shares((0,), temperature=0)[1] == 1
    hot, logprobs = choose(many, Sampling(temperature=2.0), uniform)
    expected = (many / 2).log_softmax(-1).gather(1, hot[:, None])[:, 0]
    assert torch.allclose(logprobs, expected, atol=1e-6)


def test_continuation_drops_what_the_prefill_says():
    assert continuation("Step by step.\n<think>", "<think> 3 </think>") == " 3 </think>"
    assert continuation("", "<think> 3") == "<think> 3"
    assert continuation("Well:", "<think> 3") == "<think> 3"
