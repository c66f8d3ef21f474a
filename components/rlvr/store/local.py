"""A store in a local folder (or on a volume that several pods mount).

Everything is prepared in `.staging/` on the same disk and appears by a rename, so readers never see half of it and two
processes may publish the same content at once. Files of artifacts are made read-only: they are shared by everyone who
has the digest.
"""

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from rlvr import canonical
from rlvr.store.disk import disk_errors
from rlvr.store.keys import (
    ARTIFACTS,
    STAGING,
    DocumentExistsError,
    artifact_key,
    checked_key,
    checked_path,
    manifest_key,
)
from rlvr.store.own_folder import own_folder, sweep
from rlvr.store.tree import (
    DamagedError,
    Manifest,
    Snapshot,
    absent,
    damage,
    damaged,
    describe,
    parse,
    refuse_changes,
    sha256_of,
    snapshot,
    text_of,
)
from rlvr.store.turn import NO_LOCKS, one_at_a_time, remove_unused

STALE_SECONDS = 24 * 3600
"""Age at which what a killed process was bringing, and would go on with, is taken for abandoned."""

DISCARDED = "discarded-"
"""How the folders begin of artifacts that were discarded; whoever comes removes what is left of them."""


class LocalStore:
    """Artifacts and documents under one folder, which is made when something is first written."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.url = self.root.as_uri()

    def put(self, folder: Path, announce: Callable[[str], None] = lambda digest: None) -> Manifest:
        """Publish a copy of `folder`; content that is already here is not copied again."""
        before = snapshot(folder)
        manifest = describe(folder, before)
        announce(manifest.digest)
        if not (self.has(manifest.digest) and self._damage(manifest) is None):
            self.receive(manifest, lambda target: _copy(folder, target, before))
        return manifest

    def get(self, digest: str) -> Path:
        """The artifact's own folder, read-only, after a check of names and sizes (`verify` checks the bytes)."""
        manifest = self.manifest(digest)
        if (what := self._damage(manifest)) is not None:
            raise damaged(digest, self.url, what)
        return self.root / artifact_key(digest)

    def verify(self, digest: str) -> None:
        """Read every byte of an artifact again; `RlvrError` naming the first file that differs from the manifest."""
        folder = self.get(digest)
        with disk_errors(f"Artifact {digest} in {self.url} cannot be read"):
            for path, entry in self.manifest(digest).files.items():
                if sha256_of(folder / path) != entry.sha256:
                    raise damaged(digest, self.url, f"the bytes of the file {path!r} do not have the recorded SHA-256")

    def manifest(self, digest: str) -> Manifest:
        """What the artifact holds."""
        text = self._text(manifest_key(digest))
        if text is None:
            raise absent(digest, self.url)
        return parse(text, digest, self.url)

    def has(self, digest: str) -> bool:
        """Whether the artifact was published here."""
        with disk_errors(f"The manifests of {self.url} cannot be read"):
            return (self.root / manifest_key(digest)).is_file()

    def discard(self, digest: str) -> None:
        """Remove an artifact; nothing happens when it is not here."""
        folder, discarded = self.root / artifact_key(digest), self.root / STAGING / f"{DISCARDED}{uuid4().hex}"
        with disk_errors(f"Artifact {digest} in {self.url} cannot be removed"):
            (self.root / manifest_key(digest)).unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                os.replace(folder, discarded)  # needs no free block, so it works on a full disk
                shutil.rmtree(discarded)

    def write(self, key: str, text: str, *, overwrite: bool = False) -> None:
        """Store a small document; without `overwrite`, another text under the same key stays and is an error."""
        target = self.root / checked_key(key)
        with disk_errors(f"The document {key!r} cannot be written to {self.url}"), self._staging() as staging:
            staged = staging / "document"
            staged.write_bytes(text.encode())
            _settle(staged)
            target.parent.mkdir(parents=True, exist_ok=True)
            if overwrite:
                os.replace(staged, target)
                return
            try:
                os.link(staged, target)  # unlike a rename, a link fails when the name is taken
            except FileExistsError:
                refuse_other_text(key, text, self.read(key), self.url)

    def exchange(self, key: str, before: str | None, after: str) -> bool:
        """Replace a document only if it still holds `before`; whether it was replaced."""
        target = self.root / checked_key(key)
        with disk_errors(f"The document {key!r} cannot be written to {self.url}"), self._staging() as staging:
            staged = staging / "document"
            staged.write_bytes(after.encode())
            _settle(staged)
            target.parent.mkdir(parents=True, exist_ok=True)
            with one_at_a_time(self.root / STAGING / "exchange.lock"):
                if self.read(key) != before:
                    return False
                os.replace(staged, target)
        return True

    def read(self, key: str) -> str | None:
        """The text of a document; None when there is none."""
        return self._text(checked_path(key, "document key"))

    def keys(self, prefix: str) -> list[str]:
        """Sorted keys that begin with `prefix`: documents and manifests, not the files of artifacts."""
        start = self.root / prefix.rpartition("/")[0]
        if prefix:
            checked_path(prefix.rstrip("/"), "key prefix")

        def missing_is_empty(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                raise error

        found = []
        with disk_errors(f"The documents of {self.url} cannot be listed"):
            for folder, folders, files in os.walk(start, onerror=missing_is_empty):
                if Path(folder) == self.root:
                    folders[:] = [name for name in folders if name not in (ARTIFACTS, STAGING)]
                found += [(Path(folder) / name).relative_to(self.root).as_posix() for name in files]
        return sorted(
            key for key in found if key.startswith(prefix) and not key.startswith((f"{ARTIFACTS}/", f"{STAGING}/"))
        )

    def remove(self, key: str) -> None:
        """Remove a document; nothing happens when it is not here."""
        with disk_errors(f"The document {key!r} cannot be removed from {self.url}"):
            (self.root / checked_key(key)).unlink(missing_ok=True)

    def receive(self, manifest: Manifest, fill: Callable[[Path], None], *, resume: bool = False) -> Path:
        """Take in an artifact that `fill` writes into the folder it is given; returns where it lies.

        With `resume`, what `fill` had written when it broke off is there again when it is called the next time, for a
        day; but nothing is left on a full disk, or of damaged files.
        """
        final = self.root / artifact_key(manifest.digest)
        problem = f"Artifact {manifest.digest} ({manifest.size:,} bytes) cannot be written to {self.url}"
        with disk_errors(problem), self._kept(manifest.digest) if resume else self._staging() as staging:
            files, document = staging / "files", staging / "manifest.json"
            if resume and self.has(manifest.digest) and self._damage(manifest) is None:
                return final  # another process has brought it while this one waited for its turn
            fill(files)
            for path in manifest.files:
                with contextlib.suppress(OSError):  # some network volumes have no modes
                    (files / path).chmod(0o444)
            # Written before the folder appears, so that a full disk shows itself while nothing is published.
            document.write_text(canonical.dumps(manifest), encoding="utf-8")
            for written in (document, *(files / path for path in manifest.files)):
                _settle(written)
            final.parent.mkdir(parents=True, exist_ok=True)
            self._install(files, final, manifest, aside=staging)
            target = self.root / manifest_key(manifest.digest)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(document, target)
        return final

    def _install(self, files: Path, final: Path, manifest: Manifest, aside: Path) -> None:
        """Rename `files` to `final`, unless another process has just put the same content there."""
        for attempt in range(10):
            try:
                os.replace(files, final)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            if self._is_sound(manifest):
                return
            with contextlib.suppress(FileNotFoundError):
                os.replace(final, aside / f"damaged-{attempt}")
        raise OSError(errno.EBUSY, "other processes keep writing it", str(final))

    def _is_sound(self, manifest: Manifest) -> bool:
        """Whether the folder of an artifact holds it, byte by byte: a machine that fails may leave files of zeros."""
        folder = self.root / artifact_key(manifest.digest)
        return self._damage(manifest) is None and describe(folder, snapshot(folder)) == manifest

    def _damage(self, manifest: Manifest) -> str | None:
        folder = self.root / artifact_key(manifest.digest)
        found = snapshot(folder) if folder.is_dir() else {}
        return damage(manifest, {path: size for path, (size, _) in found.items()})

    def _text(self, key: str) -> str | None:
        with disk_errors(f"{key!r} cannot be read from {self.url}"):
            try:
                return text_of((self.root / key).read_bytes(), key, self.url)
            except FileNotFoundError:
                return None

    @contextmanager
    def _staging(self) -> Iterator[Path]:
        """A fresh folder on the store's own disk; whatever is still in it goes when the block ends."""
        self._sweep()
        folder = self.root / STAGING / uuid4().hex
        folder.parent.mkdir(parents=True, exist_ok=True)
        with own_folder(folder):
            yield folder

    @contextmanager
    def _kept(self, name: str) -> Iterator[Path]:
        """The folder of that name in the staging area, one process at a time.

        It goes when the block ends well, or with an error after which its content is of no use.
        """
        self._sweep()
        folder = self.root / STAGING / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as turn:
            try:
                turn.enter_context(one_at_a_time(folder.with_suffix(".lock")))
            except OSError as error:
                if error.errno not in NO_LOCKS:
                    raise
                folder = turn.enter_context(self._staging())  # without turns, everyone starts from nothing
            folder.mkdir(exist_ok=True)
            try:
                yield folder
            except (OSError, DamagedError):
                shutil.rmtree(folder, ignore_errors=True)
                raise
            shutil.rmtree(folder, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what killed processes left behind; a pod that dies at every checkpoint must not fill the volume."""
        sweep(self.root / STAGING, 32 * "[0-9a-f]")
        with contextlib.suppress(FileNotFoundError), os.scandir(self.root / STAGING) as entries:
            for entry in entries:
                if entry.name.startswith(DISCARDED):
                    shutil.rmtree(entry.path, ignore_errors=True)
                    continue
                if time.time() - entry.stat().st_mtime < STALE_SECONDS:
                    continue
                if not entry.is_dir():
                    remove_unused(Path(entry.path))
                elif _is_stale(entry.path):
                    shutil.rmtree(entry.path, ignore_errors=True)


def refuse_other_text(key: str, text: str, there: str | None, place: str) -> None:
    """`DocumentExistsError` unless the text that a key already holds is the one to be written."""
    if there != text:
        raise DocumentExistsError(
            f"The document {key!r} in {place} already holds another text, and records are not rewritten; "
            "use another key, or pass overwrite=True where replacing it is meant."
        )


def _is_stale(folder: str) -> bool:
    """Whether nothing in a folder was written to for a day."""
    written = (os.stat(os.path.join(place, file)).st_mtime for place, _, files in os.walk(folder) for file in files)
    try:
        return time.time() - max(written, default=0.0) > STALE_SECONDS
    except FileNotFoundError:
        return False  # somebody is at work in it


def _settle(path: Path) -> None:
    """Have the disk take a file's bytes before its name appears: a loss of power would leave an empty file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _copy(folder: Path, target: Path, files: Snapshot) -> None:
    for path in files:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / path, target / path)
    refuse_changes(folder, files)
