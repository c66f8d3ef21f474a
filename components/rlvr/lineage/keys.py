"""Keys: the one that signs a machine's statements, and those that an auditor trusts.

The private key is a PEM file (PKCS #8, Ed25519) named by `RLVR_SIGNING_KEY`, on a cluster a mounted secret; without
that variable one is made on first use in the user's own configuration folder, and its public half is trusted there.
Trusted keys are `*.pub` files (PEM) of a folder: directly in it those of machines, in `approvers/` those of people, in
`releases/` those that released checkpoints are signed with.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rlvr.errors import RlvrError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from securesystemslib.signer import CryptoSigner, SSlibKey

SIGNING_KEY = "RLVR_SIGNING_KEY"
"""Environment variable: path of the private key's PEM file."""
TRUSTED_KEYS = "RLVR_TRUSTED_KEYS"
"""Environment variable: folder of trusted public keys."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrustedKeys:
    """Public keys by key id."""

    machines: Mapping[str, "SSlibKey"]
    """Keys that may sign what a stage did and what checks found."""
    approvers: Mapping[str, "SSlibKey"]
    """Keys that may sign approvals."""
    names: Mapping[str, str]
    """Key id -> file name without ending, for people."""
    releases: tuple[Path, ...]
    """Files of the keys that may sign released checkpoints."""
    place: str
    """Where they were read."""

    @property
    def all(self) -> dict[str, "SSlibKey"]:
        """Keys of both kinds."""
        return {**self.machines, **self.approvers}


def signer() -> "CryptoSigner":
    """The machine's signer; the same key for the whole process."""
    path = os.environ.get(SIGNING_KEY)
    return read_signer(Path(path)) if path else read_signer(_own_key())


def in_pod_without_key() -> bool:
    """Whether this is a pod of a cluster to which no signing key was given."""
    return not os.environ.get(SIGNING_KEY) and "KUBERNETES_SERVICE_HOST" in os.environ


@cache
def read_signer(path: Path) -> "CryptoSigner":
    """The signer of a PEM file; errors never repeat its content."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    remedy = f"expected an unencrypted PEM file with an Ed25519 key; make one with `rlvr audit key {path}`"
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise RlvrError(f"The signing key {path} cannot be read: {error.strerror}. Set {SIGNING_KEY}.") from error
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise RlvrError(f"The signing key {path} is not usable: {remedy}.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise RlvrError(f"The signing key {path} is of another kind: {remedy}.")
    return CryptoSigner(key)


def make_key(path: Path) -> Path:
    """A new private key (Ed25519) at `path` and its public half beside it as `.pub`, whose path is returned."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return write_key(path, Ed25519PrivateKey.generate())


def write_key(path: Path, key: "PrivateKeyTypes") -> Path:
    """Write a private key to `path`, readable by its owner alone, and its public half beside it as `.pub`."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    public = path.with_suffix(".pub")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RlvrError(f"{path} is already there, and keys are not replaced; choose another name.") from error
    except OSError as error:
        raise RlvrError(
            f"No key can be written to {path}: {error.strerror}. Set {SIGNING_KEY} to the path of a key."
        ) from error
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return public


def trusted(folder: Path | None = None) -> TrustedKeys:
    """The keys of `folder`, of `RLVR_TRUSTED_KEYS`, or of the user's own configuration."""
    named = folder or (Path(text) if (text := os.environ.get(TRUSTED_KEYS)) else None)
    place = named or configuration() / "trusted"
    if named and not place.is_dir():
        raise RlvrError(f"{place} is no folder; name the one with the public keys (*.pub) that you trust.")
    names: dict[str, str] = {}
    machines, approvers = (_public_keys(part, names) for part in (place, place / "approvers"))
    releases = tuple(sorted((place / "releases").glob("*.pub")))
    return TrustedKeys(machines=machines, approvers=approvers, names=names, releases=releases, place=str(place))


def _public_keys(folder: Path, names: dict[str, str]) -> dict[str, "SSlibKey"]:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey

    found = {}
    for path in sorted(folder.glob("*.pub")):
        try:
            key = SSlibKey.from_crypto(load_pem_public_key(path.read_bytes()))
        except Exception as error:  # whatever a parser of keys says of bytes that are none
            raise RlvrError(f"{path} is not a public key in PEM form; mend or remove it.") from error
        found[key.keyid], names[key.keyid] = key, path.stem
    return found


def _own_key() -> Path:
    """The user's own private key, made on first use."""
    path = configuration() / "signing-key.pem"
    if not path.is_file():
        # Made under another name first: two processes that start together must end with one key.
        fresh = path.with_name(f".{os.getpid()}.pem")
        public = make_key(fresh)
        shown = configuration() / "trusted" / "this-machine.pub"
        shown.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(fresh, path)
            os.replace(public, shown)
        except FileExistsError:
            public.unlink()
        finally:
            fresh.unlink()
    return path


def configuration() -> Path:
    """The user's own folder for keys and for what was seen of ledgers."""
    try:
        home = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    except RuntimeError as error:
        raise RlvrError(
            f"This user has no home folder for a signing key; set {SIGNING_KEY} to a key's path."
        ) from error
    return Path(home) / "rlvr"
