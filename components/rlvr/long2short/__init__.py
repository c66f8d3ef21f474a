"""From long to short reasoning (Kimi k1.5 §2.4): model merging, shortest rejection sampling, DPO on lengths."""
