# docker run: what the container may see, reach and change.

== capabilities
docker run --rm busybox grep ^Cap /proc/self/status
docker run --rm --cap-drop all busybox grep ^Cap /proc/self/status
docker run --rm --cap-add all busybox grep ^Cap /proc/self/status
docker run --rm --cap-drop all --cap-add chown busybox grep ^Cap /proc/self/status
docker run --rm --cap-add NET_ADMIN --cap-add CAP_SYS_TIME busybox grep ^Cap /proc/self/status
docker run --rm --cap-add all --cap-drop mknod busybox grep ^Cap /proc/self/status
docker run --rm --privileged busybox grep ^Cap /proc/self/status
docker run --rm --privileged -u guest busybox grep ^Cap /proc/self/status
docker run --rm -u guest --cap-add net_admin busybox grep ^Cap /proc/self/status
docker run --rm --cap-add nosuch busybox true
docker run --rm --cap-drop CHOWN busybox chown guest /tmp
docker run --rm busybox mknod /tmp/n b 7 0 && echo made
docker run --rm busybox mount -t tmpfs none /tmp
docker run --rm busybox hostname changed
docker run --rm busybox date -s 2020-01-01

== seccomp
docker run --rm busybox grep -E '^(Seccomp:|NoNewPrivs)' /proc/self/status
docker run --rm --security-opt seccomp=unconfined busybox grep -E '^(Seccomp:|NoNewPrivs)' /proc/self/status
docker run --rm --security-opt no-new-privileges busybox grep -E '^(Seccomp:|NoNewPrivs)' /proc/self/status
docker run --rm --security-opt no-new-privileges=false busybox grep -E '^NoNewPrivs' /proc/self/status
docker run --rm --privileged busybox grep -E '^(Seccomp:|NoNewPrivs)' /proc/self/status
docker run --rm busybox unshare -U true
docker run --rm --security-opt seccomp=unconfined busybox unshare -U true && echo allowed
docker run --rm busybox unshare -m true
docker run --rm --cap-add sys_admin busybox unshare -m true && echo allowed
echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":95}]}' > profile.json
docker run --rm --security-opt seccomp=profile.json busybox mkdir /tmp/x
docker run --rm --security-opt seccomp=missing.json busybox true
echo nonsense > bad.json; docker run --rm --security-opt seccomp=bad.json busybox true
docker run --rm --security-opt nosuch=option busybox true
docker run --rm --security-opt label=disable busybox true

== limits-of-processes
docker run --rm --ulimit nofile=77:99 busybox sh -c 'ulimit -Sn; ulimit -Hn'
docker run --rm --ulimit core=0 --ulimit nproc=500 busybox grep -E 'core file|processes' /proc/self/limits
docker run --rm --ulimit nofile=99:77 busybox true
docker run --rm --ulimit nosuch=1 busybox true
docker run --rm --oom-score-adj 321 busybox cat /proc/self/oom_score_adj
docker run --rm busybox cat /proc/self/oom_score_adj
docker run --rm --oom-score-adj 2000 busybox true
docker run --rm --sysctl net.ipv4.ip_forward=0 --sysctl kernel.msgmax=12345 busybox cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax
docker run --rm busybox cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range
docker run --rm --sysctl kernel.nosuch=1 busybox true
docker run --rm --sysctl net.nosuch=1 busybox true
docker run --rm --sysctl vm.swappiness=1 busybox true
docker run --rm --network host --sysctl net.ipv4.ip_forward=0 busybox true
docker run --rm --ipc host --sysctl kernel.msgmax=1 busybox true
docker run --rm busybox sh -c 'umask'
docker run --rm busybox sh -c 'cat /proc/self/attr/current 2>/dev/null || echo none'

== resources
docker run --rm --memory 64m busybox sh -c 'cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes'
docker run --rm --pids-limit 20 busybox sh -c 'cat /sys/fs/cgroup/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids/pids.max'
docker run --rm --pids-limit 10 busybox sh -c 'for i in $(seq 20); do sleep 1 & done' 2>&1 | grep -c 'can.t fork'
docker run --rm --cpu-shares 512 busybox sh -c 'cat /sys/fs/cgroup/cpu.weight 2>/dev/null || cat /sys/fs/cgroup/cpu/cpu.shares'
docker run --rm --cpus 0.5 busybox sh -c 'cat /sys/fs/cgroup/cpu.max 2>/dev/null || cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us'
docker run --rm --cpu-period 50000 --cpu-quota 25000 busybox sh -c 'cat /sys/fs/cgroup/cpu.max 2>/dev/null || cat /sys/fs/cgroup/cpu/cpu.cfs_period_us'
docker run --rm --cpuset-cpus 0 busybox grep ^Cpus_allowed_list /proc/self/status
docker run --rm --cpuset-cpus 0 busybox nproc
docker run --rm --memory 1m busybox true
docker run --rm --memory 10m --memory-swap 5m busybox true
docker run --rm --memory-swap 20m busybox true
docker run --rm --memory 32m --memory-reservation 64m busybox true
docker run --rm --cpus 1000 busybox true
docker run --rm --cpus -1 busybox true
docker run --rm --cpuset-cpus 99 busybox true
docker run --rm --cpuset-cpus abc busybox true
docker run --rm --cpus 1 --cpu-quota 1000 busybox true
docker run --rm --shm-size 1m busybox sh -c 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2'
docker run --rm busybox sh -c 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2'
docker run --rm --shm-size -1 busybox true
docker run --name hog --memory 32m busybox sh -c 'x=$(head -c 100000000 /dev/zero | tr "\0" x); echo survived'
docker inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}' hog
docker run --rm --blkio-weight 5 busybox true
docker run --rm --memory-swappiness 101 --memory 32m busybox true
docker run --rm --kernel-memory 10m busybox true

== devices
docker run --rm busybox sh -c 'ls -1 /dev | sort'
docker run --rm busybox sh -c 'cd /dev; stat -c "%n %F %t:%T %a %u:%g" full null random tty urandom zero; readlink ptmx'
docker run --rm busybox ls -l /dev/fd /dev/stdin /dev/core | sed 's/.* \//\//'
docker run --rm --device /dev/loop-control busybox sh -c 'ls /dev/loop-control'
docker run --rm --device /dev/null:/dev/renamed:r busybox sh -c 'cat /dev/renamed; echo x > /dev/renamed'
docker run --rm --device /dev/zero:/dev/nil busybox sh -c 'head -c 5 /dev/nil | wc -c'
docker run --rm --device /dev/nosuch busybox true
docker run --rm --device /dev/null:/dev/x:abc busybox true
docker run --rm --privileged busybox sh -c 'test -e /dev/loop-control && echo all devices'
docker run --rm busybox sh -c 'mknod /tmp/vda b 254 0 && head -c 1 /tmp/vda | wc -c'
docker run --rm --device-cgroup-rule 'c 1:3 rwm' busybox true && echo fine
docker run --rm --device-cgroup-rule 'nonsense' busybox true
docker run --rm busybox sh -c 'echo hi > /dev/stdout; echo hi > /dev/stderr'

== namespaces
docker run --rm busybox sh -c 'ps -o pid,args | tail -n +2 | head -1 | cut -c1-10'
docker run --rm --pid host busybox sh -c 'test $(ls -d /proc/[0-9]* | wc -l) -gt 5 && echo host'
docker run -d --name other --hostname other --ipc shareable busybox sleep 1234 >/dev/null; docker run --rm --pid container:other busybox ps -o args | grep '^sleep 1234'
docker run --rm --pid container:nosuch busybox true
docker run --rm --pid nonsense busybox true
docker run --rm --uts host busybox hostname | diff - /proc/sys/kernel/hostname && echo same
docker run --rm --uts host --hostname h busybox hostname
docker run --rm --ipc container:other busybox sh -c 'ls /dev/shm; echo shared > /dev/shm/x'; docker exec other cat /dev/shm/x
docker run --rm --ipc container:nosuch busybox true
docker run --rm --ipc none busybox sh -c 'ls -d /dev/shm; mount | grep -c /dev/shm'
docker run --rm --ipc private busybox sh -c 'mount | grep -c /dev/shm'
docker run --rm --ipc host busybox true && echo fine
docker run --rm --ipc nonsense busybox true
docker run -d --name private --ipc private busybox sleep 100 >/dev/null; docker run --rm --ipc container:private busybox true
docker run --rm --network none busybox sh -c 'ls -1 /sys/class/net; ip -o addr | sed "s/ *[0-9]*: //" | cut -c1-24'
docker run --rm --network host busybox sh -c 'readlink /proc/self/ns/net' | cut -d: -f1
docker run --rm --network container:other busybox hostname
docker run --rm --network container:other --hostname h busybox hostname
docker run --rm --network container:other -p 80:80 busybox true
docker run --rm --network container:nosuch busybox true
docker run --rm --network nosuch busybox true
docker stop -t 0 other; docker run --rm --network container:other busybox true
docker run --rm --cgroupns private busybox cat /proc/self/cgroup | grep -c ':/$'
docker run --rm --cgroupns nonsense busybox true
docker run --rm --userns host busybox cat /proc/self/uid_map | tr -s ' '
docker run --rm --userns nonsense busybox true

== masks
docker run --rm busybox sh -c 'ls /proc/acpi | wc -l; cat /proc/keys /proc/timer_list | wc -c; ls /sys/firmware | wc -l'
docker run --rm busybox sh -c 'echo 1 > /proc/sys/kernel/domainname'
docker run --rm busybox sh -c 'echo b > /proc/sysrq-trigger'
docker run --rm busybox sh -c 'echo 1 > /proc/irq/default_smp_affinity'
docker run --rm busybox sh -c 'mkdir /sys/x'
docker run --rm busybox sh -c 'mkdir /sys/fs/cgroup/x /sys/fs/cgroup/pids/x 2>/dev/null; echo $?'
docker run --rm --privileged busybox sh -c 'echo 1 > /proc/sys/kernel/domainname && cat /proc/sys/kernel/domainname'
docker run --rm --privileged busybox sh -c 'mount -t tmpfs none /mnt 2>&1 || mount -t tmpfs none /tmp && echo mounted'
docker run --rm --security-opt systempaths=unconfined busybox sh -c 'mount | grep -c "/proc/"'
docker run --rm busybox sh -c 'mount | grep -E " /(proc|sys|dev)(/| )" | grep -v cgroup | sed "s/,size=[0-9]*k//; s/,inode64//" | sort'
docker run --rm busybox sh -c 'mount | grep " on / " | cut -d" " -f1-5'
docker run --rm busybox sh -c 'grep -E " /etc/(hosts|hostname|resolv.conf) " /proc/self/mountinfo | cut -d" " -f5-6'
docker run --rm busybox sh -c 'cat /proc/1/mountinfo | cut -d" " -f5-6,7 | grep -v cgroup | sort'
docker run --rm --privileged busybox sh -c 'cat /proc/1/mountinfo | cut -d" " -f5-6,7 | grep -v cgroup | sort'

== read-only
docker run --rm --read-only busybox touch /x
docker run --rm --read-only busybox sh -c 'touch /dev/shm/x /dev/x && echo fine'
docker run --rm --read-only --tmpfs /tmp busybox sh -c 'touch /tmp/x && echo fine'
docker run --rm --read-only -v $PWD:/data busybox touch /data/x && ls x
docker run --rm --read-only busybox sh -c 'echo x >> /etc/hosts'
docker run --rm --read-only -w /new/dir busybox pwd
docker run --rm --tmpfs /t busybox sh -c 'grep " /t " /proc/self/mountinfo | sed "s/.* - //"'
docker run --rm --tmpfs /t:size=64k,mode=1770,ro busybox sh -c 'grep " /t " /proc/self/mountinfo | sed "s/.* - //"; ls -ld /t | cut -c1-10; touch /t/x'
docker run --rm --tmpfs /t:exec busybox sh -c 'grep " /t " /proc/self/mountinfo | cut -d" " -f6'
docker run --rm --tmpfs /etc busybox ls /etc
docker run --rm --tmpfs relative busybox true
docker run --rm --tmpfs /t:nosuchoption busybox true
docker run --rm --mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=0700 busybox sh -c 'ls -ld /t | cut -c1-10; df -k /t | tail -1 | tr -s " " | cut -d" " -f2'

== binds
mkdir -p data/sub; echo content > data/file; chmod 755 data
docker run --rm -v $PWD/data:/data busybox sh -c 'cat /data/file; echo new > /data/new'; cat data/new
docker run --rm -v $PWD/data:/data:ro busybox touch /data/x
docker run --rm -v $PWD/data/file:/etc/file busybox cat /etc/file
docker run --rm -v $PWD/data/file:/deep/er/file busybox cat /deep/er/file
docker run --rm -v $PWD/made:/made busybox ls -d /made; ls -ld made | cut -c1-10
docker run --rm --mount type=bind,src=$PWD/missing,dst=/x busybox true
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,readonly busybox sh -c 'cat /x/file; touch /x/y'
docker run --rm --mount type=bind,dst=/x busybox true
docker run --rm -v relative/path:/x busybox true
docker run --rm -v $PWD/data:relative busybox true
docker run --rm -v $PWD/data:/ busybox true
docker run --rm -v $PWD/data:/a -v $PWD/data:/a busybox true
docker run --rm -v $PWD/data:/data:nosuch busybox true
docker run --rm -v $PWD/data:/data:rshared busybox sh -c 'grep " /data " /proc/self/mountinfo | cut -d" " -f7 | cut -d: -f1'
docker run --rm -v $PWD/data:/data:rslave busybox sh -c 'grep " /data " /proc/self/mountinfo | cut -d" " -f7 | cut -d: -f1'
docker run --rm -v $PWD/data:/data:rprivate busybox sh -c 'grep " /data " /proc/self/mountinfo | cut -d" " -f7'
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,bind-propagation=slave busybox true && echo fine
docker run --rm -v $PWD/data:/data -v $PWD/data/sub:/data/file2 busybox ls /data
docker run --rm -v /etc/passwd:/etc/passwd:ro busybox sh -c 'test $(wc -l < /etc/passwd) -gt 4 && echo of the host'
docker create --name box -v $PWD/data:/data:ro -v $PWD/data:/other busybox >/dev/null
docker inspect -f '{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.Mode}} {{.RW}} {{.Propagation}}{{"\n"}}{{end}}' box | sort
docker inspect -f '{{range .HostConfig.Binds}}{{.}}{{"\n"}}{{end}}' box | sort
docker run --rm --volumes-from box busybox sh -c 'ls /data /other; touch /data/x'
docker run --rm --volumes-from box:ro busybox touch /other/x
docker run --rm --volumes-from nosuch busybox true
ln -s /etc/passwd data/link; docker run --rm -v $PWD/data:/data busybox readlink /data/link
docker run --rm -v $PWD/data/link:/linked busybox sh -c 'test $(wc -l < /linked) -gt 4 && echo of the host'
