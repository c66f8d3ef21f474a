"""Nothing that was read is executed: no pickle, no evaluation, no unsafe parser, no remote code by default."""

import ast
import json
import pickle
import pickletools
import shutil
import struct
import zipfile
from pathlib import Path

import pytest

from rlvr.backbones.backbone import Backbone
from rlvr.backbones.checkpoint import FILES, fetch
from rlvr.canonical import load, resolve
from rlvr.errors import RlvrError
from rlvr.launch.work import Work, read_work, write_work
from rlvr.method import Method, Reward
from rlvr.store.local import LocalStore
from rlvr_pipelines.methods import METHODS

MODULES = {
    "pickle": "pickled data runs code when it is read",
    "cPickle": "the same",
    "_pickle": "the same",
    "dill": "the same",
    "cloudpickle": "the same",
    "joblib": "the same",
    "shelve": "the same",
    "marshal": "the same, and crashes",
    "jsonpickle": "the same, in JSON",
    "code": "an interpreter",
    "codeop": "an interpreter",
    "xml": "entities without end, and files of this machine in them",
    "lxml": "the same",
    "pty": "a shell",
    "runpy": "runs files",
    "imp": "runs files",
    "telnetlib": "talks in the clear",
    "ftplib": "talks in the clear",
    "tarfile": "members that lead out of the folder",
}
CALLS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "os.execv", "os.execvp", "torch.load",
    "torch.hub.load", "np.load", "numpy.load", "pandas.read_pickle", "pd.read_pickle", "yaml.load", "yaml.unsafe_load",
    "yaml.full_load", "yaml.load_all", "yaml.unsafe_load_all", "tempfile.mktemp", "load_dataset",
    "datasets.load_dataset", "load_from_disk", "datasets.load_from_disk", "shutil.unpack_archive", "sympify",
    "sympy.sympify", "parse_expr", "jinja2.Template",
}  # fmt: skip
SAFE = {"CSafeLoader", "SafeLoader"}


def dotted(node):
    """`a.b.c` of a call's function."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


def danger(tree):
    """Every import and call of a file that could run what it reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from (name for name in names if name.partition(".")[0] in MODULES)
        if isinstance(node, ast.Call):
            name, words = dotted(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
            loader = words.get("Loader", "")
            if name in CALLS and not any(safe in loader for safe in SAFE):
                yield name
            if words.get("shell", "False") != "False" or words.get("allow_pickle", "False") != "False":
                yield f"{name}(shell or allow_pickle)"
            if words.get("trust_remote_code", "False") not in ("False", "own_code"):
                yield f"{name}(trust_remote_code={words['trust_remote_code']})"


def test_the_sources_run_nothing_that_they_read(sources):
    found = {path.name: names for path in sources if (names := sorted(set(danger(ast.parse(path.read_text())))))}
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import load",
        "import xml.etree.ElementTree",
        "eval(text)",
        "torch.load(path)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text, Loader=yaml.Loader)",
        "subprocess.run(x, shell=True)",
        "AutoModel.from_pretrained(x, trust_remote_code=True)",
        "datasets.load_dataset(name)",
    ],  # fmt: skip
)
def test_the_search_finds_what_it_is_for(text):
    assert list(danger(ast.parse(text)))


def test_safe_forms_are_not_accused():
    text = "yaml.load_all(t, Loader=yaml.CSafeLoader)\nmodel.eval()\nre.compile(x)\njson.load(f)\nsubprocess.run([a])"
    assert list(danger(ast.parse(text))) == []


class Owned:
    def __reduce__(self):
        return (Path.touch, (Path("owned"),))


def base(folder, **files):
    folder.mkdir()
    for name, content in {"config.json": b"{}", **files}.items():
        (folder / name).write_bytes(content)
    return Backbone(hub_id="me/m", architecture="qwen2_vl", licence="MIT", revision=None, location=str(folder))


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model.pt", "model.pth", "model.pkl", "model.ckpt", "tf_model.h5"]
)
def test_a_base_of_pickled_weights_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    backbone = base(tmp_path / "base", **{name: pickle.dumps(Owned())})
    (tmp_path / "out").mkdir()
    with pytest.raises(RlvrError, match=r"holds no \*.safetensors; pickled weights are not read. Convert"):
        fetch(backbone, tmp_path / "out")
    assert not (tmp_path / "owned").exists() and list((tmp_path / "out").iterdir()) == []


def test_pickles_beside_safe_weights_are_left_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile = {name: pickle.dumps(Owned()) for name in ("training_args.bin", "optimizer.pt", "scheduler.pt", "a.pkl")}
    backbone = base(tmp_path / "base", **{"model.safetensors": b"weights", "setup.py": b"", "run.sh": b""}, **hostile)
    (tmp_path / "out").mkdir()
    fetch(backbone, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["config.json", "model.safetensors"]
    assert not any(pattern.endswith((".py", ".bin", ".pt", "*")) for pattern in FILES if pattern != "LICENSE*")


def test_a_pickle_under_a_safe_name_is_not_unpickled(tiny_base, tmp_path, monkeypatch):
    from rlvr.backbones.checkpoint import load_model

    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_base, tmp_path / "base")
    (weights,) = (tmp_path / "base").glob("*.safetensors")
    weights.write_bytes(pickle.dumps(Owned()))
    with pytest.raises(Exception, match="(?i)header|safetensor"):  # the library's own error about the file
        load_model(tmp_path / "base")
    assert not (tmp_path / "owned").exists()


def is_pickle(path: Path) -> bool:
    """Whether a file is a pickle, or a zip archive (torch's own format) with one in it."""
    content = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".pkl") for name in archive.namelist())
    if content[:2] not in {bytes([0x80, version]) for version in range(2, 6)}:
        return False
    try:
        return any(code.name == "STOP" for code, _, _ in pickletools.genops(content))
    except (ValueError, struct.error):
        return False


def test_the_finder_of_pickles_finds_them(tmp_path):
    import torch

    torch.save({"a": torch.ones(2)}, tmp_path / "zip.bin")
    torch.save({"a": 1}, tmp_path / "old.bin", _use_new_zipfile_serialization=False)
    (tmp_path / "plain").write_bytes(pickle.dumps({"a": 1}))
    (tmp_path / "text").write_text("{}")
    found = {path.name: is_pickle(path) for path in tmp_path.iterdir()}
    assert found == {"zip.bin": True, "old.bin": True, "plain": True, "text": False}


def test_training_writes_no_pickle(tiny_base, digit_rows, digits_method, tmp_path):
    """Everything that a training stage leaves, checkpoints of optimiser and state included."""
    from rlvr.canonical import plain
    from rlvr.checkpoints import Checkpoints
    from rlvr.rl.train import train

    store = LocalStore(tmp_path / "store")
    kept = []

    class Keeping(Checkpoints):
        def save(self, step, folder, **settings):
            kept.append(step)
            for path in folder.rglob("*"):
                assert path.is_dir() or not is_pickle(path), path
            super().save(step, folder, **settings)

    for name in ("model", "log"):
        (tmp_path / name).mkdir()
    train(
        stage=plain(digits_method.stages[0]),
        tasks=[plain(task) for task in digits_method.tasks],
        precision="float32",
        seed=0,
        base=tiny_base,
        rows=digit_rows,
        model=tmp_path / "model",
        log=tmp_path / "log",
        checkpoints=Keeping(store, "0" * 64),
    )
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept and any(path.suffix == ".safetensors" for path in written)
    assert [path for path in written if is_pickle(path)] == []
    assert [path for path in written if path.suffix in (".pt", ".pth", ".bin", ".pkl", ".py", ".so")] == []


FUNCTIONS = (
    "os:system", "subprocess:run", "subprocess:Popen", "builtins:eval", "builtins:exec", "shutil:rmtree",
    "pickle:loads", "importlib:import_module", "rlvr.canonical:importlib", "rlvr.rewards.judge:os",
    "rlvr.method:Method", "torch:load", "rlvr.canonical:resolve.__globals__", "rlvr.rewards.digits:__builtins__",
    "", ":", "a", "..:x", "os.path:join",
)  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_setting_cannot_name_any_function(name):
    with pytest.raises(RlvrError):
        resolve(name)
    told = METHODS["r1_v"].to_json()
    told["tasks"][0]["rewards"][0]["function"] = name
    with pytest.raises(RlvrError):
        Method.from_json(told)
    told = METHODS["r1_v"].to_json()
    told["tasks"][0]["source"]["convert"] = name
    with pytest.raises(RlvrError):
        Method.from_json(told)


def test_rewards_of_ones_own_are_found():
    import dense_reward

    assert resolve("dense_reward:spread") is dense_reward.spread
    assert load(Reward, {"function": "dense_reward:spread"}).function is dense_reward.spread


def test_work_that_was_changed_in_the_store_is_not_done(tmp_path):
    """Pods of a TrainJob do what a document of the store says; its key is the digest of what it may say."""
    store = LocalStore(tmp_path)
    work = Work(
        stage="rlvr.rl.train:train", parameters={"seed": 0}, inputs={}, code="c", label="grpo", outputs=("model",)
    )
    write_work(store, work)
    assert read_work(store, work.key) == work
    path = tmp_path / "launches" / f"{work.key}.json"
    for field, value in (("stage", "os:system"), ("parameters", {"command": "id"}), ("inputs", {"base": "0" * 64})):
        path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
        with pytest.raises(RlvrError, match="was changed"):
            read_work(store, work.key)
        write_work(store, work)
