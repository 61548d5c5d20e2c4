# Limits of resources, restarts and health, and the remaining flags of run and create.

== limits-memory
docker run --rm --memory 64m --memory-swap 64m busybox sh -c 'cd /sys/fs/cgroup; cat memory.max memory.swap.max 2>/dev/null || cat memory/memory.memsw.limit_in_bytes memory/memory.limit_in_bytes'
docker run --rm --memory 64m busybox sh -c 'cd /sys/fs/cgroup; cat memory.swap.max 2>/dev/null || cat memory/memory.memsw.limit_in_bytes'
docker run --rm --memory 64m --memory-swap -1 busybox sh -c 'cd /sys/fs/cgroup; cat memory.swap.max 2>/dev/null || cat memory/memory.memsw.limit_in_bytes'
docker run --rm --memory 64m --memory-reservation 32m busybox sh -c 'cd /sys/fs/cgroup; cat memory.low 2>/dev/null || cat memory/memory.soft_limit_in_bytes'
docker run --rm --memory-swappiness 30 busybox sh -c 'cat /sys/fs/cgroup/memory/memory.swappiness'
docker run --rm --memory 64m --oom-kill-disable busybox sh -c 'grep oom_kill_disable /sys/fs/cgroup/memory/memory.oom_control'
docker run --rm --oom-kill-disable busybox true
docker run --rm --memory-reservation 1m busybox true
docker run --rm --memory abc busybox true
docker run --rm --memory -5 busybox true
docker run --rm --memory-swap -2 busybox true
docker run --rm --memory 64m --kernel-memory 32m busybox true && echo ran
docker create --name box --memory 64m --memory-reservation 32m --memory-swappiness 20 --kernel-memory 8m --oom-kill-disable busybox; docker inspect -f '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.MemoryReservation}} {{.HostConfig.MemorySwappiness}} {{.HostConfig.KernelMemory}} {{.HostConfig.OomKillDisable}}' box

== limits-cpu
docker run --rm --cpu-rt-runtime 1000 busybox true
docker run --rm --cpu-rt-period 1000 busybox true
docker run --rm --cpu-period 500 busybox true
docker run --rm --cpu-quota 500 busybox true
docker run --rm --cpu-shares 2 busybox sh -c 'cat /sys/fs/cgroup/cpu/cpu.shares'
docker run --rm --cpu-shares -1 busybox true
docker run --rm --cpu-shares 300000 busybox sh -c 'cat /sys/fs/cgroup/cpu/cpu.shares'
docker run --rm --cpus 1.5 busybox sh -c 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us'
docker run --rm --cpus 0.001 busybox true
docker run --rm --cpus abc busybox true
docker run --rm --cpu-quota 20000 busybox sh -c 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us'
docker run --rm --cpu-quota -1 busybox sh -c 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us'
docker run --rm --cpuset-cpus 0-1 --cpuset-mems 0 busybox sh -c 'cat /sys/fs/cgroup/cpuset/cpuset.cpus /sys/fs/cgroup/cpuset/cpuset.mems'
docker run --rm --cpuset-mems 7 busybox true
docker run --rm --cpuset-mems x busybox true
docker run --rm --cpuset-cpus 1-0 busybox true
docker run --rm --cpu-count 2 busybox true; docker run --rm --cpu-percent 20 busybox true

== limits-io
docker run --rm --blkio-weight 300 busybox true
docker run --rm --blkio-weight 2000 busybox true
docker run --rm --blkio-weight-device /dev/vda:200 busybox true
docker run --rm --blkio-weight-device nonsense busybox true
docker run --rm --blkio-weight-device /dev/vda:5 busybox true
docker run --rm --device-read-bps /dev/nosuch:1mb busybox true
docker run --rm --device-read-bps nonsense busybox true
docker run --rm --device-read-bps /dev/vda:x busybox true
docker run --rm --device-write-iops /dev/vda:-1 busybox true
docker run --rm --device-read-bps /dev/vda:1mb --device-write-bps /dev/vda:2mb --device-read-iops /dev/vda:100 --device-write-iops /dev/vda:200 busybox sh -c 'cd /sys/fs/cgroup/blkio; cat blkio.throttle.read_bps_device blkio.throttle.write_bps_device blkio.throttle.read_iops_device blkio.throttle.write_iops_device'
docker create --name box --device-read-bps /dev/vda:1mb --device-write-iops /dev/vda:7 busybox >/dev/null; docker inspect -f '{{json .HostConfig.BlkioDeviceReadBps}} {{json .HostConfig.BlkioDeviceWriteIOps}} {{json .HostConfig.BlkioWeightDevice}}' box
docker run --rm --io-maxbandwidth 1m busybox true
docker run --rm --io-maxiops 10 busybox true
docker run --rm --storage-opt size=1g busybox true
docker run --rm --storage-opt nosuch=1 busybox true
docker run --rm --storage-opt size busybox true

== limits-pids-and-more
docker run --rm --pids-limit -1 busybox sh -c 'cat /sys/fs/cgroup/pids/pids.max'
docker run --rm --pids-limit 0 busybox sh -c 'cat /sys/fs/cgroup/pids/pids.max'
docker run --rm --pids-limit abc busybox true
docker run --rm --ulimit memlock=-1:-1 --ulimit stack=1000000 busybox sh -c 'ulimit -l; ulimit -s'
docker run --rm --ulimit nofile busybox true
docker run --rm --ulimit nofile=a busybox true
docker run --rm --ulimit nofile=1:2:3 busybox true
docker run --rm --ulimit nofile=-1 busybox sh -c 'ulimit -n'
docker run --rm --shm-size 0 busybox sh -c 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2'
docker run --rm --shm-size abc busybox true
docker run --rm --ipc shareable --shm-size 2m busybox sh -c 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2'
docker run --rm --gpus all busybox true
docker run --rm --gpus device=0 busybox true
docker run --rm --gpus nonsense=1 busybox true
docker run --rm --device-cgroup-rule 'c 10:200 r' busybox true && echo fine
docker run --rm --device-cgroup-rule 'a *:* rwm' busybox true && echo fine
docker run --rm --device-cgroup-rule 'x 1:1 r' busybox true
docker run --rm --device-cgroup-rule 'c 1:1 q' busybox true
docker run --rm --device /dev/zero:r busybox sh -c 'head -c 1 /dev/zero | wc -c'
docker run --rm --device relative busybox true
docker run --rm --device /dev/zero:/dev/a:r:q busybox true
docker run --rm --device vendor.com/class=dev busybox true

== update-limits
docker run -d --name box --memory 64m --cpus 0.5 busybox sleep 100 >/dev/null
docker update --memory-reservation 16m box && docker exec box sh -c 'cat /sys/fs/cgroup/memory/memory.soft_limit_in_bytes'
docker update --cpus 1 box && docker exec box sh -c 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us'
docker update --cpu-quota 1000 box; docker update --cpu-period 1000 box
docker update --cpuset-cpus 1 box && docker exec box grep Cpus_allowed_list /proc/self/status
docker update --cpuset-mems 0 box && docker exec box sh -c 'cat /sys/fs/cgroup/cpuset/cpuset.mems'
docker update --memory 96m box; docker update --memory 96m --memory-swap 192m box && docker exec box sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes'
docker update --memory 32m --memory-swap 64m box && docker exec box sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes'
docker update --memory-swap -1 box && docker exec box sh -c 'cat /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes'
docker update --pids-limit 10 box && docker exec box sh -c 'cat /sys/fs/cgroup/pids/pids.max'; docker update --pids-limit -1 box && docker exec box sh -c 'cat /sys/fs/cgroup/pids/pids.max'
docker update --blkio-weight 200 box; docker update --blkio-weight 5 box
docker update --kernel-memory 10m box
docker update --cpu-rt-runtime 1000 box
docker update --memory-swap 1m box
docker update --memory 4k box
docker update --cpus 99 box; docker update --cpus -1 box; docker update --cpus abc box
docker update --restart on-failure:3 box; docker inspect -f '{{json .HostConfig.RestartPolicy}}' box; docker update --restart nonsense box; docker update --restart always:2 box
docker inspect -f '{{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}} {{.HostConfig.CpuPeriod}} {{.HostConfig.CpusetCpus}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}} {{.HostConfig.BlkioWeight}}' box
docker create --name idle --cpu-period 50000 --cpu-quota 25000 busybox true >/dev/null; docker update --cpus 1 idle; docker update --cpu-quota 30000 --memory 20m idle; docker inspect -f '{{.HostConfig.CpuQuota}} {{.HostConfig.CpuPeriod}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}' idle
docker pause box; docker update --pids-limit 33 box; docker unpause box; docker exec box sh -c 'cat /sys/fs/cgroup/pids/pids.max'
docker update --memory 64m --memory-swap 64m box idle; docker update
docker stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' box | sed 's/ [0-9.]*[KM]iB/ N/'

== health-details
docker run -d --name long --health-cmd 'head -c 5000 /dev/zero | tr "\0" x' --health-interval 1s busybox sleep 100 >/dev/null; eventually sh -c 'docker inspect -f "{{.State.Health.Status}}" long | grep "^healthy"'
docker inspect -f '{{range .State.Health.Log}}{{len .Output}} {{printf "%.3s" .Output}}{{end}}' long | cut -d' ' -f1; docker inspect -f '{{with index .State.Health.Log 0}}{{.Output}}{{end}}' long | tail -c 8
docker run -d --name slow --health-cmd 'sleep 20' --health-interval 1s --health-timeout 1s --health-retries 1 busybox sleep 100 >/dev/null; eventually sh -c 'docker inspect -f "{{.State.Health.Status}}" slow | grep unhealthy'
docker inspect -f '{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}' slow
docker run -d --name missing --health-cmd 'nosuchprogram' --health-interval 1s --health-retries 1 busybox sleep 100 >/dev/null; eventually sh -c 'docker inspect -f "{{.State.Health.Status}}" missing | grep unhealthy'; docker inspect -f '{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}' missing
docker run -d --name turns --health-cmd 'test -e /ok' --health-interval 1s --health-retries 2 busybox sleep 100 >/dev/null; eventually sh -c 'docker inspect -f "{{.State.Health.Status}}" turns | grep unhealthy'; docker exec turns touch /ok; eventually sh -c 'docker inspect -f "{{.State.Health.Status}} {{.State.Health.FailingStreak}}" turns | grep "^healthy"'; sleep 1.1
docker events --since 1h --until 0s --filter container=turns --format '{{.Action}}' 2>/dev/null | grep health_status
docker events --since 1h --until 0s --filter container=turns --filter event=health_status --format '{{.Action}}' | sort -u
docker ps --format '{{.Names}} {{.Status}}' | sed 's/ Up [^(]*(/ (/' | sort
docker ps -q --filter health=unhealthy | wc -l; docker ps -q --filter health=none | wc -l; docker ps -q --filter health=starting | wc -l; docker ps -q --filter health=nosuch
docker run -d --name grace --health-cmd 'exit 1' --health-interval 1s --health-retries 1 --health-start-period 100s --health-start-interval 1s busybox sleep 100 >/dev/null; eventually sh -c 'docker inspect -f "{{len .State.Health.Log}}" grace | grep 2'; docker inspect -f '{{.State.Health.Status}} {{.State.Health.FailingStreak}}' grace
docker inspect -f '{{json .Config.Healthcheck}}' grace
docker stop -t 0 turns >/dev/null; docker inspect -f '{{.State.Health.Status}}' turns; docker start turns >/dev/null; docker inspect -f '{{.State.Health.Status}} {{.State.Health.FailingStreak}}' turns
eventually sh -c 'docker inspect -f "{{.State.Health.Status}} {{len .State.Health.Log}}" turns | grep "healthy 5"'
docker run --rm --health-cmd x --health-timeout 1us busybox true
docker run --rm --health-cmd x --health-interval -1s busybox true
docker run --rm --health-cmd x --health-start-period -1s busybox true
docker run --rm --health-cmd x --health-start-interval 1us busybox true
docker run --rm --health-interval 2s busybox true && echo fine
docker create --name base busybox >/dev/null; docker commit -c 'HEALTHCHECK --interval=1s --retries=4 CMD echo from image' base checked >/dev/null; docker run -d --name imaged --health-timeout 9s checked sleep 100 >/dev/null; docker inspect -f '{{json .Config.Healthcheck}}' imaged
docker run -d --name off --no-healthcheck checked sleep 100 >/dev/null; docker inspect -f '{{json .State.Health}} {{json .Config.Healthcheck}}' off
eventually sh -c 'docker inspect -f "{{.State.Health.Status}}" imaged | grep "^healthy"'

== run-files
printf 'A=1\n# comment\nB=two words\nPATHLIKE\nEMPTY=\n' > env; B2=x docker run --rm --env-file env busybox sh -c 'echo "$A|$B|$EMPTY|${PATHLIKE-unset}"'
docker run --rm --env-file nosuch busybox true
printf 'bad name=1\n' > badenv; docker run --rm --env-file badenv busybox true
printf '=1\n' > badenv; docker run --rm --env-file badenv busybox true
printf 'l1=a\nl2\n' > labels; docker create --name lab --label-file labels --label l3=c busybox >/dev/null; docker inspect -f '{{json .Config.Labels}}' lab
docker run --rm --label-file nosuch busybox true
docker run --rm --cidfile cid busybox true; wc -c < cid; docker run --rm --cidfile cid busybox true
docker create --cidfile /nosuch/cid busybox
docker create --name ann --annotation a=b --annotation c= busybox >/dev/null; docker inspect -f '{{json .HostConfig.Annotations}}' ann
docker create --annotation =b busybox
docker create --name stopt --stop-timeout 3 --stop-signal INT busybox >/dev/null; docker inspect -f '{{.Config.StopTimeout}} {{.Config.StopSignal}}' stopt
docker run --rm --runtime nosuch busybox true
docker run --rm --isolation default busybox true && echo fine
docker run --rm --isolation hyperv busybox true
docker run --rm --isolation nonsense busybox true
docker run --rm --group-add 1234 --group-add disk busybox id
docker run --rm --group-add nosuch busybox id
docker run --rm --platform linux/amd64 busybox true && echo fine
docker run --rm --pull never --platform windows/amd64 busybox true
docker run --rm --platform nonsense/x/y/z busybox true
docker run --rm --pull never nosuch
docker run --rm --pull nonsense busybox true
docker run --rm --pull missing busybox true && echo fine
docker run --rm --cgroup-parent /walk busybox sh -c 'grep -c /walk/ /proc/self/cgroup' >/dev/null && echo fine
docker run --rm --cgroup-parent ../../x busybox true
docker run --rm --cgroupns host busybox sh -c 'grep -v ^0: /proc/self/cgroup | grep -c :/$'
docker run --rm --uts nonsense busybox true
docker run --rm --security-opt nosuch busybox true; docker run --rm --security-opt nosuch=1 busybox true
docker run --rm --security-opt apparmor=unconfined busybox true && echo fine
docker run --rm --security-opt label=disable busybox true && echo fine
docker run --rm --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status
docker run --rm --security-opt seccomp=nosuch.json busybox true
mkdir -p .docker; echo '{"proxies":{"default":{"httpProxy":"http://p:1","noProxy":"x"}}}' > .docker/config.json; docker run --rm busybox sh -c 'env | grep -i proxy | sort'; docker run --rm -e HTTP_PROXY=mine busybox sh -c 'env | grep -i proxy | sort'; rm .docker/config.json
docker run --sig-proxy=false --rm busybox true && echo fine
docker run --rm -d -a stdout busybox true
docker run --rm -a nosuch busybox true
docker run --rm --detach-keys ctrl-x busybox true && echo fine; docker run --rm --detach-keys nonsense-x busybox true
docker run --rm --expose abc busybox true; docker run --rm --mac-address zz busybox true
docker run --rm --hostname 'bad host' busybox hostname; docker run --rm --domainname dom --hostname h busybox sh -c 'hostname; cat /proc/sys/kernel/domainname'
docker run --rm --init --restart always busybox true

== restarts-and-ends
docker run -d --name r1 --restart on-failure:2 busybox false >/dev/null; eventually sh -c 'docker inspect -f "{{.State.Status}} {{.RestartCount}} {{.State.ExitCode}}" r1 | grep exited'
docker run -d --name r2 --restart always busybox sh -c 'exit 3' >/dev/null; eventually sh -c 'docker inspect -f "{{.RestartCount}}" r2 | grep 2'; docker stop -t 0 r2; docker inspect -f '{{.State.Status}} {{.State.Restarting}} {{.State.ExitCode}}' r2
docker run -d --name r3 --restart unless-stopped busybox sleep 100 >/dev/null; docker kill r3; docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}' r3
docker run -d --name r4 --restart always busybox sleep 100 >/dev/null; docker exec r4 kill -9 1; docker exec r4 sh -c 'kill -TERM 1'; docker restart -t 0 r4; docker inspect -f '{{.State.Status}} {{.RestartCount}}' r4
docker events --since 1h --until 0s --filter container=r1 --format '{{.Action}}' | tr '\n' ' '
docker run --rm --restart always busybox true; docker run --restart on-failure:-1 busybox true; docker run --restart no:3 busybox true; docker run --restart unless-stopped:3 busybox true
docker run --rm --memory 20m busybox sh -c 'tail /dev/zero'; docker run --name oom --memory 20m busybox sh -c 'tail /dev/zero'; docker inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' oom
docker run --rm --oom-score-adj 500 busybox cat /proc/self/oom_score_adj; docker run --rm --oom-score-adj 5000 busybox true
docker run --rm --ipc host busybox sh -c 'df /dev/shm | tail -1 | cut -d" " -f1'; docker run --rm --ipc none busybox ls /dev/shm; docker run --rm --ipc bogus busybox true
docker run --rm --userns host busybox true && echo fine; docker run --rm --userns bogus busybox true
docker run --rm --security-opt systempaths=unconfined busybox sh -c 'grep -c "/proc/sys " /proc/mounts'; docker run --rm --security-opt no-new-privileges=false busybox grep NoNewPrivs /proc/self/status
docker run --rm --security-opt seccomp=unconfined busybox grep ^Seccomp: /proc/self/status; docker run --rm --security-opt seccomp=builtin busybox grep ^Seccomp: /proc/self/status
docker run --rm --stop-timeout -1 busybox true && echo fine; docker run --rm --stop-timeout abc busybox true
docker run --rm --runtime runc busybox true && echo fine; docker run --rm --runtime io.containerd.runc.v2 busybox true && echo fine
