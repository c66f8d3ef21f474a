"""Folders and archives of strangers: no link, path or name in them leads out, and nothing unpacks without end."""

import io
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from rlvr.backbones.backbone import Backbone
from rlvr.backbones.checkpoint import fetch
from rlvr.data import pictures_apart, raw_files
from rlvr.data.raw_files import rows_in
from rlvr.data.source import Source
from rlvr.errors import RlvrError
from rlvr.store.keys import checked_key, checked_path
from rlvr.store.local import LocalStore

SECRET = "BEGIN PRIVATE KEY canary"


def same(row):
    return row


def apart(folder):
    return pictures_apart.rows_of(folder, ("rows.json",))


SOURCE = Source(name="sums", title="Sums", files="**/*.json*", convert=same)


@pytest.fixture
def secret(tmp_path) -> Path:
    """A file outside the data set's folder that must not be read."""
    path = tmp_path / "outside" / "secret.json"
    path.parent.mkdir()
    path.write_text(json.dumps([{"question": SECRET, "image": None}]))
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


def png():
    written = io.BytesIO()
    Image.new("RGB", (2, 2)).save(written, "PNG")
    return written.getvalue()


def refused(folder, match, **changes):
    with pytest.raises(RlvrError, match=match) as caught:
        list(rows_in(folder, replace(SOURCE, **changes)))
    assert SECRET not in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_of_rows_that_is_a_link_out_of_the_folder(folder, secret):
    (folder / "rows.json").symlink_to(secret)
    refused(folder, "rows.json is a symbolic link out of the folder")


def test_a_folder_of_rows_that_is_a_link_out_of_the_folder(folder, secret):
    (folder / "part").symlink_to(secret.parent)
    refused(folder, "symbolic link out of the folder", files="*/*.json")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow", ".jsonl"])
def test_links_of_every_kind_of_file(folder, secret, suffix):
    (folder / f"rows{suffix}").symlink_to(secret)
    refused(folder, "symbolic link out of the folder", files=f"*{suffix}")


def test_a_picture_that_is_a_link_out_of_the_folder(folder, secret):
    (folder / "rows.json").write_text(json.dumps([{"image": "a.png"}]))
    (folder / "a.png").symlink_to(secret)
    refused(folder, "a.png is a symbolic link out of the folder")
    refused(folder, "a.png is a symbolic link out of the folder", read=apart)


def test_an_archive_that_is_a_link_out_of_the_folder(folder, secret):
    (folder / "rows.json").write_text(json.dumps([{"image": "a.png"}]))
    (folder / "pictures.zip").symlink_to(secret)
    refused(folder, "pictures.zip is a symbolic link out of the folder", read=apart)


def test_links_within_the_folder_are_followed(folder):
    (folder / "a.json").write_text(json.dumps([{"question": "1 + 1?"}]))
    (folder / "b.json").symlink_to("a.json")
    assert len(list(rows_in(folder, SOURCE))) == 2


def test_a_folder_that_is_itself_a_link_is_the_users_choice(folder, tmp_path):
    (folder / "a.json").write_text(json.dumps([{"question": "1 + 1?"}]))
    (tmp_path / "link").symlink_to(folder)
    assert len(list(rows_in(tmp_path / "link", SOURCE))) == 1


def test_the_hub_caches_links_lead_to_its_blobs_and_nowhere_else(tmp_path, secret):
    cache = tmp_path / "datasets--me--sums"
    snapshot = cache / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir()
    (cache / "blobs" / "9f").write_text(json.dumps([{"question": "1 + 1?"}]))
    (snapshot / "rows.json").symlink_to("../../blobs/9f")
    assert len(list(rows_in(snapshot, SOURCE))) == 1
    (snapshot / "more.json").symlink_to(secret)
    refused(snapshot, "more.json is a symbolic link out of the folder")


def test_a_pipe_in_a_pictures_place_is_not_waited_for(folder):
    (folder / "rows.json").write_text(json.dumps([{"image": "a.png"}]))
    os.mkfifo(folder / "a.png")
    refused(folder, "a.png is not a regular file")


@pytest.mark.parametrize(
    "path",
    ["../outside/a.png", "/etc/a.png", "x/../../outside/a.png", "..\\outside\\a.png", "file:///etc/a.png", "a\0.png"],
)
def test_a_row_cannot_name_a_picture_outside_its_folder(folder, path):
    (folder.parent / "outside").mkdir()
    (folder.parent / "outside" / "a.png").write_bytes(png())
    (folder / "rows.json").write_text(json.dumps([{"image": path}]))
    refused(folder, "outside the data set's folder|cannot be read beside the file")
    (folder / "rows.json").write_text(json.dumps([{"image": {"bytes": None, "path": path}}]))
    refused(folder, "outside the data set's folder|cannot be read beside the file")


@pytest.mark.parametrize("path", ["http://169.254.169.254/a.png", "https://example.org/a.png", "s3://bucket/a.png"])
def test_an_address_in_a_row_is_not_fetched(folder, path):
    """No test of this suite has a network; what was tried to be read is a file of that name."""
    (folder / "rows.json").write_text(json.dumps([{"image": path}]))
    refused(folder, "cannot be read beside the file")


@pytest.mark.parametrize(
    ("state", "part"),
    [
        ({"_data_files": [{"filename": "../outside/secret.json"}]}, "secret.json"),
        ({"_data_files": [{"filename": "/etc/passwd"}]}, "passwd"),
        ({"_data_files": [{}]}, "does not name its files"),
        ({"_data_files": 3}, "holds no list '_data_files'"),
        ([], "holds no list '_data_files'"),
    ],
)
def test_a_saved_data_sets_listing_cannot_name_files_elsewhere(folder, secret, state, part):
    (folder / "state.json").write_text(json.dumps(state))
    with pytest.raises(RlvrError, match=part) as caught:
        list(rows_in(folder, SOURCE))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("listing", [{"splits": ["../outside"]}, {"splits": 3}, [], "x", {"splits": [["a"], {}]}])
def test_a_saved_data_sets_splits_cannot_lie_elsewhere(folder, secret, listing):
    (folder / "dataset_dict.json").write_text(json.dumps(listing))
    with pytest.raises(RlvrError) as caught:
        list(rows_in(folder, replace(SOURCE, files="*.parquet")))
    assert SECRET not in str(caught.value)


def archive(folder, members, **options):
    (folder / "rows.json").write_text(json.dumps([{"image": "pictures/a.png"}]))
    with zipfile.ZipFile(folder / "pictures.zip", "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in members.items():
            written.writestr(name, content, **options)


def test_members_that_lead_out_are_read_and_never_written(folder):
    archive(folder, {"../../pictures/a.png": png()})
    before = sorted(folder.parent.rglob("*"))
    (row,) = rows_in(folder, replace(SOURCE, read=apart))
    assert row["image"]["bytes"] == png() and sorted(folder.parent.rglob("*")) == before


def test_a_zip_bomb_is_cut_off(folder, monkeypatch):
    monkeypatch.setattr(pictures_apart, "MAX_PICTURE_BYTES", 2**20)
    archive(folder, {"pictures/a.png": b"\0" * 2**26})
    assert (folder / "pictures.zip").stat().st_size < 100_000
    refused(folder, "unpacks to more than 1 MiB", read=apart)


def test_an_archive_that_lies_about_a_size(folder, monkeypatch):
    """The directory says 4 bytes, the member has 64 MiB: what counts is what comes out."""
    monkeypatch.setattr(pictures_apart, "MAX_PICTURE_BYTES", 2**20)
    archive(folder, {"pictures/a.png": b"\0" * 2**26})
    path = folder / "pictures.zip"
    path.write_bytes(path.read_bytes().replace((2**26).to_bytes(4, "little"), (4).to_bytes(4, "little")))
    refused(folder, "cannot be unpacked|unpacks to more than", read=apart)


def test_archives_that_cannot_be_unpacked_are_named(folder):
    archive(folder, {"pictures/a.png": png()})
    path = folder / "pictures.zip"
    whole = path.read_bytes()
    place = whole.index(b"PK\x01\x02")
    for offset, value in ((8, 1), (10, 99)):  # encrypted; an unknown compression
        path.write_bytes(whole[: place + offset] + bytes([value]) + whole[place + offset + 1 :])
        refused(folder, "cannot be unpacked|no readable zip archive", read=apart)
    path.write_bytes(whole[:40] + b"\xff" * 8 + whole[48:])
    refused(folder, "cannot be unpacked|no readable zip archive", read=apart)
    path.write_bytes(b"PK\x05\x06" + b"\xff" * 18)
    refused(folder, "no readable zip archive", read=apart)


@pytest.mark.parametrize("compression", ["zstd", "gzip", "brotli"])
def test_a_parquet_bomb_is_refused_by_its_footer(folder, compression):
    table = pa.table({"question": [b"\0" * 2**25] * 2})
    pq.write_table(table, folder / "rows.parquet", compression=compression, use_dictionary=False)
    assert (folder / "rows.parquet").stat().st_size < 400_000
    refused(folder, "column question of .* bytes that unpack to", files="*.parquet")


def test_parquet_of_text_is_no_bomb(folder):
    questions = [f"How many of the {number} items are red?" for number in range(600_000)]
    pq.write_table(pa.table({"question": questions}), folder / "rows.parquet", compression="zstd")
    part = pq.ParquetFile(folder / "rows.parquet").metadata.row_group(0).column(0)
    assert part.total_uncompressed_size > raw_files.BOMB_BYTES
    assert next(iter(rows_in(folder, replace(SOURCE, files="*.parquet"))))["question"] == questions[0]


def checkpoint(folder):
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_text("{}")
    return Backbone(hub_id="me/model", architecture="qwen2_vl", licence="MIT", revision=None, location=str(folder))


def test_a_checkpoint_cannot_publish_files_of_this_machine(folder, secret, tmp_path):
    backbone = checkpoint(folder)
    (folder / "tokenizer.json").symlink_to(secret)
    (tmp_path / "base").mkdir()
    with pytest.raises(RlvrError, match="tokenizer.json is a symbolic link out of the folder"):
        fetch(backbone, tmp_path / "base")
    assert not any(SECRET in path.read_text() for path in (tmp_path / "base").iterdir())


def test_a_link_in_a_stages_output_is_not_published(folder, secret, tmp_path):
    (folder / "a.txt").symlink_to(secret)
    with pytest.raises(RlvrError, match="a symbolic link; an artifact holds regular files only"):
        LocalStore(tmp_path / "store").put(folder)


def test_a_link_laid_into_a_stored_artifact_is_found(folder, secret, tmp_path):
    (folder / "a.json").write_text("x")
    store = LocalStore(tmp_path / "store")
    digest = store.put(folder).digest
    kept = store.get(digest)
    kept.chmod(0o755)
    (kept / "a.json").unlink()
    (kept / "a.json").symlink_to(secret)
    with pytest.raises(RlvrError, match="symbolic link"):
        store.get(digest)


NAMES = (
    "..",
    "../x",
    "a/../../x",
    "/etc/passwd",
    "a//b",
    "",
    ".",
    "a/./b",
    "a\0b",
    "a\nb",
    "\x1b[2J",
    "a/..",
    "\udcff",
)


@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_elsewhere_are_no_keys_and_no_files(name, tmp_path):
    for check in (checked_key, lambda path: checked_path(path, "file name")):
        with pytest.raises(RlvrError) as caught:
            check(name)
        assert "\x1b" not in str(caught.value) and "\0" not in str(caught.value)
    store = LocalStore(tmp_path / "store")
    for act in (store.read, store.remove, lambda key: store.write(key, "x")):
        with pytest.raises(RlvrError):
            act(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_that_names_files_elsewhere_is_damage(name, folder, tmp_path):
    (folder / "a.json").write_text("x")
    store = LocalStore(tmp_path / "store")
    digest = store.put(folder).digest
    path = store.root / "manifests" / f"{digest}.json"
    content = json.loads(path.read_text())
    content["files"][name] = content["files"].pop("a.json")
    path.write_text(json.dumps(content))
    with pytest.raises(RlvrError, match="damaged"):
        store.get(digest)
