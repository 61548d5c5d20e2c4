import os
from boxship.sandbox.group import Group, NAMES, ROOT
class Cgroups:
    version=1
    unsupported=frozenset()
    def __init__(self,parent): self.parent=parent
    def path_of(self,parent,cid): return f"{(parent or self.parent).rstrip('/')}/{cid}"
    def plan(self,path): return {"version":1,"path":path,"hierarchies":{n:f"{ROOT}/{n}{path}" for n in NAMES}}
    def kill(self,path): Group({"path":path}).kill()
    def destroy(self,path): Group({"path":path}).destroy()
    def freeze(self,path): open(f"{ROOT}/freezer{path}/freezer.state","w").write("FROZEN")
    def thaw(self,path): open(f"{ROOT}/freezer{path}/freezer.state","w").write("THAWED")
    def processes(self,path): return [int(x) for x in open(f"{ROOT}/pids{path}/cgroup.procs").read().split()]
    def update(self,path,res): pass
    def children(self):
        try: return [f"{self.parent}/{n}" for n in os.listdir(f"{ROOT}/pids{self.parent}") if len(n)==64]
        except FileNotFoundError: return []
