"""How Reason-RFT's evaluation draws its answers, and where its numbers are printed."""

from rlvr.training import Sampling

SAMPLING = Sampling(temperature=0.1, top_p=0.9, top_k=50, max_new_tokens=768)
"""eval/*.py@d0a8070: vLLM, nearly greedy."""

PRINTED = "Reason-RFT README@d0a8070, results table (third version)"
"""Where the published numbers stand; earlier versions of the table differ."""
