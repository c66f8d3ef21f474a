"""Profiles of one's own: extending, taking out, and errors that name the setting."""

import pytest

from rlvr.errors import RlvrError
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import profile


def write(folder, text, name="mine.toml"):
    path = folder / name
    path.write_text(text)
    return str(path)


def test_a_file_extends_a_profile_that_ships(tmp_path):
    mine = profile(
        write(
            tmp_path,
            """
            extends = "cluster"
            description = "ours"
            max_benchmarks = 1
            [run]
            service_account = "trainer"
            [pods.secrets]
            rlvr-object-store = false
            [pods.optional_secrets]
            rlvr-judge = false
            [pods.train]
            gpu = 4
            queue = "gpus"
            tolerations = []
            node_selector = { pool = "a100" }
            timeout_seconds = false
            [pods.evaluate]
            cpu = 4
            [scale]
            nodes = 4
            [method]
            "stages.*.steps" = 7
            [methods.r1_v]
            "stages.grpo.steps" = 9
            """,
        )
    )
    shipped = profile("cluster")
    assert (mine.name, mine.description, mine.max_benchmarks) == ("mine", "ours", 1)
    assert (mine.run.service_account, mine.run.ttl_seconds_after_failure) == ("trainer", 1_209_600)
    assert set(mine.pods["data"].secrets) == set()
    assert set(mine.pods["data"].optional_secrets) == {
        "rlvr-object-store",
        "rlvr-hub",
        "rlvr-openlineage",
        "rlvr-signing-key",
    }
    train = mine.pods["train"]
    assert (train.gpu, train.memory, train.tolerations, train.timeout_seconds) == (4, "900Gi", (), None)
    assert (mine.pods["evaluate"].cpu, mine.pods["evaluate"].tolerations) == ("4", shipped.pods["evaluate"].tolerations)
    assert (mine.scale.nodes, mine.scale.zero_stage, mine.scale.job.gpu) == (4, 3, 4)
    assert (mine.scale.job.queue, mine.scale.job.tolerations) == ("gpus", ())
    assert mine.scale.job.node_selector == {"pool": "a100"}
    assert mine.scaled(METHODS["r1_v"]).stages[0].steps == 9
    assert mine.scaled(METHODS["r1_vlm"]).stages[0].steps == 7


def test_a_file_extends_another_file_and_may_train_in_its_own_pod(tmp_path):
    write(tmp_path, 'extends = "cluster"\n[scale]\njob = false\nnodes = 1\n', "base.toml")
    mine = profile(write(tmp_path, 'extends = "base.toml"\n[pods.train]\nmemory = "1Ti"\n'))
    assert mine.scale.job is None and not mine.launches
    assert mine.kind(METHODS["r1_v"].stages[0]) == "train" and mine.pods["train"].memory == "1Ti"


def test_a_files_values_come_after_those_of_the_profile_it_extends(tmp_path):
    mine = profile(write(tmp_path, 'extends = "laptop"\n[methods.r1_v]\n"stages.*.steps" = 3\n'))
    shipped = profile("laptop").method_values
    assert mine.method_values["r1_v"] == {**shipped["r1_v"], "stages.*.steps": 3}
    assert mine.method_values["r1_vlm"] == shipped["r1_vlm"]


def test_what_stands_for_one_method_wins_in_its_file_and_loses_to_a_file_that_extends_it(tmp_path):
    write(
        tmp_path,
        'extends = "node"\nevaluation_batch = 9\n[for.r1_v.scale]\nzero_stage = 3\n'
        "[for.r1_v]\nevaluation_batch = 5\n[for.'r1_v/geometry']\nevaluation_batch = 4\n",
        "base.toml",
    )
    mine = write(tmp_path, 'extends = "base.toml"\n[scale]\nzero_stage = 1\n[for.mmr1.pods.data]\ncpu = 2\n')

    def told(name):
        chosen = profile(mine, name)
        return chosen.evaluation_batch, chosen.scale.zero_stage, chosen.pods["data"].cpu

    assert told("r1_v") == (5, 1, "8") and told("r1_v/geometry") == (4, 1, "8")
    assert told("mmr1/7b") == (9, 1, "2") and told("") == told("r1_vlm") == (9, 1, "8")
    base = str(tmp_path / "base.toml")
    assert (profile(base, "r1_v/geometry").scale.zero_stage, profile(base, "r1_vlm").scale.zero_stage) == (3, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[for.r1v]\n", r"there is no setting for\.r1v\. Did you mean 'r1_v'"),
        ("[for]\nr1_v = 1", r"for\.r1_v is 1; it is a table"),
        ("for = 1", r"for is 1; it holds tables"),
        ('[for.r1_v]\nextends = "node"', "for.r1_v cannot hold extends"),
        ("evaluation_batches = 1", r"there is no setting evaluation_batches\. Did you mean 'evaluation_batch'"),
        ("[pods.train]\nmemroy = '1Gi'", r"there is no setting pods\.train\.memroy\. Did you mean 'memory'"),
        ("[pods.trian]\ncpu = 1", r"there is no setting pods\.trian\. Did you mean 'train'"),
        ("[pods]\ngpus = 1", r"there is no setting pods\.gpus\. Did you mean 'gpu'"),
        ("[run]\nttl = 1", r"there is no setting run\.ttl\."),
        ("[scale]\nzero_stag = 1", r"there is no setting scale\.zero_stag\. Did you mean 'zero_stage'"),
        ("[scale.job]\nqueu = 'a'", r"there is no setting scale\.job\.queu\. Did you mean 'queue'"),
        ("[methods.r1v]\n", r"there is no setting methods\.r1v\. Did you mean 'r1_v'"),
        ("[pods.train]\ngpu = 'eight'", r"pods\.train\.gpu is 'eight'; it is a whole number"),
        ("[pods.train]\nnon_root = 'yes'", r"pods\.train\.non_root is 'yes'; it is true or false"),
        ("[pods.train]\ncpu = true", r"pods\.train\.cpu is True; it is a text"),
        ("[pods.train]\ntolerations = 'gpu'", r"pods\.train\.tolerations is 'gpu'; it is a list"),
        ("[[pods.train.tolerations]]\nkye = 'a'", r"pods\.train\.tolerations\.kye\. Did you mean 'key'"),
        ("[[pods.train.tolerations]]\neffect = 'Never'", r"effect is 'Never'; it is one of '', 'NoSchedule'"),
        ("[pods]\nlabels = 1", r"pods\.data\.labels is 1; it is a table"),
        ("[pods]\ntrain = 1", r"pods\.train is 1; it is a table of settings"),
        ("[pods.train]\nmemory = 'big'", r"\[pods\.train\].*memory is 'big'; write a Kubernetes quantity"),
        ("[run]\nbenchmarks_at_once = 0", "benchmarks_at_once is 0; give at least 1"),
        ("[scale]\nzero_stage = 4", r"scale\.zero_stage is 4; it is one of 0, 1, 2, 3"),
        ("max_benchmarks = true", "max_benchmarks is True; it is a whole number"),
        ("extends = 3", "extends is 3; give the name of a profile"),
        ('extends = "clutser"', r"no profile 'clutser'\. Did you mean 'cluster'"),
        ('extends = "mine.toml"', "extends itself: mine.toml -> mine.toml"),
        ('extends = "absent.toml"', "absent.toml cannot be read"),
        ("[pods", "mine.toml is not TOML"),
    ],
)
def test_errors_name_the_setting_and_the_nearest_right_one(tmp_path, text, message):
    with pytest.raises(RlvrError, match=message):
        profile(write(tmp_path, text))


def test_a_files_name_is_the_profiles_name(tmp_path):
    with pytest.raises(RlvrError, match="named with letters, digits"):
        profile(write(tmp_path, "", "my profile.toml"))
    with pytest.raises(RlvrError, match=r"no profile 'lapto'\. Did you mean 'laptop'"):
        profile("lapto")
