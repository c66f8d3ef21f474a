"""Lineage: signed statements about every artifact, kept in order, and the questions that they answer.

`statement` says what a stage made from what, `keys` who signs and whom an auditor trusts, `envelope` turns statements
into signed text and back, `ledger` keeps them in one chain that only grows, `record` is what a stage says of itself.
An auditor reads them with `ledger_reader`: `examine` looks at each alone, `history` at all together; `graph` connects
artifacts with statements, and `audit` asks whether an artifact stands up to all of it. `openlineage` and `release` tell
others about it in forms of their own.
"""
