"""Signatures of released checkpoints that others can check without this package: the OpenSSF's model signing (v1.0).

A ledger's statements are for those who have the store. Who gets a checkpoint alone gets a bundle beside it, made and
checked by the package `model-signing`, whose command line checks it, too. Its keys are of the curve P-256, not Ed25519;
those that are trusted are the `*.pub` files of the folder `releases/` among the trusted keys.

    signatures/<digest>/<key>.json      bundles in the store, by the first digits of the public key's SHA-256

https://github.com/sigstore/model-transparency
"""

import hashlib
import json
import tempfile
from pathlib import Path
from types import ModuleType

from rlvr.errors import RlvrError
from rlvr.lineage.finding import Finding
from rlvr.lineage.keys import TrustedKeys, write_key
from rlvr.store import Store

KIND = "release signature"
FOLDER = "signatures"


def make_release_key(path: Path) -> Path:
    """A new private key for releases at `path`, and its public half beside it as `.pub`."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    return write_key(path, generate_private_key(SECP256R1()))


def sign_release(store: Store, digest: str, key: Path) -> str:
    """Sign an artifact of `store` with a private key and keep the bundle there; returns the document's key."""
    signing = _package("signing")
    with tempfile.TemporaryDirectory(prefix="rlvr-") as folder:
        bundle = Path(folder) / "model.sig"
        try:
            config = signing.Config().use_elliptic_key_signer(private_key=key)
        except OSError as error:
            raise RlvrError(f"The key {key} cannot be read: {error.strerror}.") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise RlvrError(
                f"The key {key} cannot sign releases: expected an unencrypted PEM file with a key of the curve P-256; "
                f"make one with `rlvr audit key --release {key.with_stem('release')}`."
            ) from error
        config.sign(store.get(digest), bundle)
        text = bundle.read_text(encoding="utf-8")
    name = f"{FOLDER}/{digest}/{_hint(text)[:16]}.json"
    store.write(name, text, overwrite=True)
    return name


def check_releases(store: Store, digest: str, keys: TrustedKeys) -> tuple[list[str], list[Finding]]:
    """Names of the keys by which an artifact was released, and what is wrong with its other signatures."""
    signed, found = [], []
    for name in store.keys(f"{FOLDER}/{digest}/"):
        text = store.read(name)
        if text is not None:
            try:
                signed.append(_check(store, digest, name, text, keys))
            except _NotCheckedError as error:
                found.append(Finding(kind=KIND, what=digest, message=str(error), severity="warning"))
            except RlvrError as error:
                found.append(Finding(kind=KIND, what=digest, message=str(error)))
    return signed, found


class _NotCheckedError(RlvrError):
    """Nobody here can say whether a signature holds."""


def _check(store: Store, digest: str, name: str, text: str, keys: TrustedKeys) -> str:
    """Name of the key whose signature holds."""
    hint = _hint(text)
    key = next((path for path in keys.releases if hashlib.sha256(_pem(path)).hexdigest() == hint), None)
    if key is None:
        place = f"{keys.place}/releases"
        raise _NotCheckedError(f"{name} is signed by a key that is not among the {len(keys.releases)} of {place}")
    try:
        verifying = _package("verifying")
    except RlvrError as error:
        raise _NotCheckedError(f"{name} was not checked: {error}") from error
    with tempfile.TemporaryDirectory(prefix="rlvr-") as folder:
        bundle = Path(folder) / "model.sig"
        bundle.write_text(text, encoding="utf-8")
        try:
            verifying.Config().use_elliptic_key_verifier(public_key=key).verify(store.get(digest), bundle)
        except Exception as error:  # parsers of hostile bundles raise whatever they stumble on
            why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise RlvrError(f"{name} by {key.stem} does not fit the artifact ({why[:300]})") from error
    return key.stem


def _hint(text: str) -> str:
    """SHA-256 of the public key that a bundle names; empty when it names none."""
    try:
        return str(json.loads(text)["verificationMaterial"]["publicKey"]["hint"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _pem(path: Path) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    try:
        return load_pem_public_key(path.read_bytes()).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    except (OSError, ValueError) as error:
        raise RlvrError(f"{path} is not a public key in PEM form; mend or remove it.") from error


def _package(module: str) -> ModuleType:
    """A module of model-signing."""
    import importlib

    try:
        return importlib.import_module(f"model_signing.{module}")
    except ImportError as error:
        raise RlvrError("model-signing is not installed; install rlvr's extra `signing`.") from error
