import os, signal, contextlib, time
ROOT="/sys/fs/cgroup"
NAMES=("cpu","cpuacct","cpuset","memory","devices","freezer","blkio","pids","systemd")
class Group:
    def __init__(self, spec): self.path=spec["path"]; self.spec=spec
    def create(self):
        for n in NAMES:
            os.makedirs(f"{ROOT}/{n}{self.path}",exist_ok=True)
            if n=="cpuset":
                p=f"{ROOT}/cpuset"
                for part in self.path.strip("/").split("/"):
                    for f in ("cpuset.cpus","cpuset.mems"):
                        v=open(f"{p}/{f}").read()
                        open(f"{p}/{part}/{f}","w").write(v)
                    p+="/"+part
    def open_procs(self): return [os.open(f"{ROOT}/{n}{self.path}/cgroup.procs",os.O_WRONLY|os.O_CLOEXEC) for n in NAMES]
    def oom_descriptor(self): return None
    def oom_killed(self): return False
    def kill(self):
        for _ in range(5):
            try: pids=open(f"{ROOT}/pids{self.path}/cgroup.procs").read().split()
            except FileNotFoundError: return
            if not pids: return
            for p in pids:
                with contextlib.suppress(ProcessLookupError): os.kill(int(p),9)
            time.sleep(0.01)
    def destroy(self):
        for n in NAMES:
            for _ in range(20):
                try: os.rmdir(f"{ROOT}/{n}{self.path}"); break
                except FileNotFoundError: break
                except OSError: time.sleep(0.005)
