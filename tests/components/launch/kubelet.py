"""Runs the pods of TrainJobs as processes of this machine: what Kubeflow Trainer, JobSet and a kubelet do together."""

import os
import signal
import socket
import subprocess
import sys
import threading

from kube_server import TRAINER

HIDDEN = ("KUBECONFIG", "KFP_POD_NAME", "RLVR_PROGRESS", "RLVR_LOCK", "HOSTNAME")
EVICTED = [{"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}]


class Kubelet:
    """Starts the pods of each TrainJob that is created, with torchrun's variables as Trainer sets them."""

    def __init__(self, kube, folder):
        self.kube, self.folder, self.processes, self.killed = kube, folder, {}, set()
        kube.on_create = self.run

    def run(self, name):
        """Run the pods to their end and say how it was; one that fails takes the others with it."""
        trainer = self.kube.custom[TRAINER][name]["spec"]["trainer"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        pods = [self._start(name, index, trainer, port) for index in range(trainer["numNodes"])]
        codes = {}
        while len(codes) < len(pods):
            for index, (process, reader, message) in enumerate(pods):
                if index in codes or process.poll() is None:
                    continue
                reader.join()
                codes[index] = process.returncode
                gone = index in self.killed
                self.kube.end_pod(
                    name, index, code=137 if process.returncode < 0 else process.returncode,
                    message=message.read_text() or None, conditions=EVICTED if gone else (),
                )  # fmt: skip
                if process.returncode:
                    for other, *_ in pods:
                        other.terminate()
            threading.Event().wait(0.05)
        self.killed.clear()
        if any(codes.values()):
            self.kube.set_condition(name, "Failed", "JobsFailed", "jobset failed")
        else:
            self.kube.set_condition(name, "Complete", "AllJobsSucceeded", "jobset completed")

    def evict(self, index, number=signal.SIGTERM):
        """Take the pod of that number away, politely or not."""
        self.killed.add(index)
        os.kill(self.processes[index].pid, number)

    def _start(self, name, index, trainer, port):
        pod = self.kube.set_pod(name, index)
        scratch = self.folder / pod
        (scratch / "tmp").mkdir(parents=True)
        (scratch / "message").touch()
        environment = {key: value for key, value in os.environ.items() if key not in HIDDEN}
        environment |= {each["name"]: each["value"] for each in trainer["env"] if "value" in each}
        environment |= {
            "PET_NNODES": str(trainer["numNodes"]), "PET_NPROC_PER_NODE": str(trainer["numProcPerNode"]),
            "PET_NODE_RANK": str(index), "PET_MASTER_ADDR": "127.0.0.1", "PET_MASTER_PORT": str(port),
            "RLVR_TERMINATION_LOG": str(scratch / "message"), "TMPDIR": str(scratch / "tmp"), "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        assert trainer["command"][0] == "python"
        process = subprocess.Popen(
            [sys.executable, *trainer["command"][1:], *trainer["args"]], env=environment, cwd=scratch,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self.processes[index] = process

        def read():
            with process.stdout:
                for line in process.stdout:
                    self.kube.say(pod, line.rstrip("\n"))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        return process, reader, scratch / "message"

    def stop(self):
        """End whatever still runs."""
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
