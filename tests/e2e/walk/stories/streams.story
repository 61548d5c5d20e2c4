# logs, attach and exec: bytes that come and go while a container runs.

== logs
docker run --name box busybox sh -c 'for i in 1 2 3 4 5; do echo line $i; done; sleep 0.2; echo err >&2' >/dev/null 2>&1; docker logs box
docker logs box 2>/dev/null
docker logs box 2>&1 >/dev/null
docker logs --tail 2 box 2>/dev/null
docker logs --tail 0 box
docker logs --tail all box | wc -l
docker logs -n 100 box 2>/dev/null | wc -l
docker logs --tail -1 box 2>/dev/null | wc -l
docker logs --tail nonsense box 2>/dev/null | wc -l
docker logs -t --tail 1 box 2>/dev/null
docker logs --details box | sed -n 1,2p
docker logs --since 1h box 2>/dev/null | wc -l
docker logs --since 2020-01-01 --until 2020-01-02 box
docker logs --until 1h box
docker logs --since nonsense box
docker logs -f box 2>/dev/null
docker logs nosuch
docker create --name still busybox >/dev/null; docker logs still
docker run -d --name slow busybox sh -c 'echo a; sleep 0.3; echo b; sleep 0.3; echo c' >/dev/null; docker logs -f slow
docker run -d --name tail busybox sh -c 'echo a; echo b; until [ -e /go ]; do sleep 0.1; done; echo c' >/dev/null; eventually sh -c 'docker logs tail | grep -c b' >/dev/null; docker logs -f --tail 1 tail > seen & eventually grep -q b seen; docker exec tail touch /go; wait; cat seen
docker run --name labelled --label team=red -e CITY=Bonn --log-opt labels=team --log-opt env=CITY busybox echo hi; docker logs --details labelled
docker run --name quiet --log-driver none busybox echo hi; docker logs quiet
docker run --rm --log-driver nosuch busybox true
docker run --rm --log-opt nosuch=1 busybox true
docker run --name partial busybox printf 'no newline'; docker logs partial
docker run --name long busybox sh -c 'head -c 40000 /dev/zero | tr "\0" x; echo' | wc -c; docker logs long | wc -c
docker run --name bin busybox printf 'a\0b\377c\n' | od -c | head -2; docker logs bin | od -c | head -2
docker run --name quotes busybox sh -c "printf 'tab\there \"quoted\" back\\\\slash\n'"; docker logs quotes
docker inspect -f '{{.HostConfig.LogConfig.Type}} {{json .HostConfig.LogConfig.Config}}' box
docker start slow >/dev/null; docker wait slow; docker logs slow
docker run --name rotate --log-opt max-size=10k --log-opt max-file=2 busybox seq 5000 >/dev/null; docker logs rotate | tail -1; docker logs rotate | wc -l | awk '{print ($1 < 5000)}'

== attach
docker run -d --name box busybox sh -c 'until [ -e /go ]; do sleep 0.1; done; echo out; echo err >&2; exit 4' >/dev/null; (attached box 1; docker exec box touch /go) & docker attach box
docker attach box
docker attach nosuch
docker run -di --name cat busybox cat >/dev/null; (echo hello; eventually grep -q hello seen) | docker attach --sig-proxy=false cat > seen & eventually grep -q hello seen; kill $!; cat seen
docker inspect -f '{{.State.Running}}' cat; docker logs cat
docker run -d --name two busybox sh -c 'until [ -e /go ]; do sleep 0.1; done; echo both' >/dev/null; docker attach two > a & docker attach two > b & attached two 2; docker exec two touch /go; wait; cat a b
docker run -d --name noin busybox sh -c 'until [ -e /go ]; do sleep 0.1; done; echo x' >/dev/null; (attached noin 1; docker exec noin touch /go) & docker attach --no-stdin noin
docker run -d --name paused busybox sleep 100 >/dev/null; docker pause paused; docker attach paused
docker run -dit --name tty busybox sh >/dev/null; docker attach tty </dev/null 2>&1
(attached tty 1; printf 'echo in $((40+2))\n'; eventually sh -c 'docker logs tty | grep -c ^in.42' >/dev/null; sleep 0.2; printf '\020\021'; sleep 0.3) | script -qec 'docker attach tty' /dev/null | tr -d '\r' | grep -oE '^in 42|read escape sequence'
docker inspect -f '{{.State.Running}}' tty
(attached tty 2; printf 'exit 3\n'; docker wait tty >/dev/null; sleep 0.2) | script -qec 'docker attach tty; echo code $?' /dev/null | tr -d '\r' | grep code
docker run -dit --name keys busybox sh >/dev/null; (attached keys 1; printf '\001x'; sleep 0.3) | script -qec 'docker attach --detach-keys ctrl-a,x keys' /dev/null | tr -d '\r' | grep -c escape
docker attach --detach-keys nonsense keys
docker run -d --name one busybox sh -c 'read x; echo "got $x"' >/dev/null; docker wait one; docker logs one
docker run -di --name once --rm busybox sh -c 'read x; sleep 0.2; echo "got $x"' >/dev/null; (attached once 1; echo word; docker wait once >/dev/null 2>&1; sleep 0.2) | docker attach once

== exec
docker run -d --name box --hostname box -e FROM=run -w /tmp busybox sleep 1000 >/dev/null
docker exec box sh -c 'hostname; pwd; echo $FROM; echo err >&2'
docker exec box sh -c 'exit 0'
docker exec box sh -c 'exit 3'
docker exec box sh -c 'exit 255'
docker exec box sh -c 'kill -9 $$'
docker exec box nosuchprogram
docker exec box /etc/passwd
docker exec box /no/such/file
docker exec -w /nosuchdir box pwd
docker exec -w /etc box pwd
docker exec -w relative box pwd
docker exec -u guest box id
docker exec -u 4242:4343 box id
docker exec -u nosuch box id
docker exec -e A=1 -e FROM=exec box sh -c 'echo $A $FROM'
docker exec box env | sort
docker exec -t box env | sort
docker exec -u guest box sh -c 'echo $HOME'
echo input | docker exec -i box cat
echo input | docker exec box cat
seq 50000 | docker exec -i box cat | md5sum
docker exec -t box tty
docker exec -t box sh -c 'echo out; echo err >&2' 2>/dev/null
docker exec -it box true
docker exec -d box sh -c 'echo done > /tmp/detached'; eventually docker exec box cat /tmp/detached
docker exec -d box nosuchprogram
docker exec box grep -E '^(Cap|Seccomp:|NoNew)' /proc/self/status
docker exec --privileged box grep -E '^(Cap|Seccomp:|NoNew)' /proc/self/status
docker exec --privileged -u guest box grep ^Cap /proc/self/status
docker exec box ps -o args | grep -v ps
docker exec box sh -c 'for n in pid mnt net ipc uts; do test $(readlink /proc/self/ns/$n) = $(readlink /proc/1/ns/$n) && echo same; done'
docker exec box cat /proc/self/cgroup | grep -c /
docker exec --env-file missing box true
docker exec nosuch true
docker exec box
docker exec box ''
docker inspect -f '{{json .ExecIDs}}' box
docker exec box sh -c 'sleep 100 >/dev/null 2>&1 & echo back'
docker exec box sh -c 'head -c 2000000 /dev/zero' | wc -c
(docker exec box sleep 1001; echo code $?) & eventually sh -c 'docker top box | grep -c sleep.1001' >/dev/null; docker exec box pkill -f 'sleep 1001' 2>/dev/null || docker exec box sh -c 'kill $(ps -o pid,args | grep "[s]leep 1001" | tr -s " " | sed "s/^ //" | cut -d" " -f1)'; wait
docker stop -t 0 box; docker exec box true
docker create --name still busybox >/dev/null; docker exec still true
docker run -d --name limited --read-only --cap-drop all -u guest busybox sleep 100 >/dev/null; docker exec limited grep ^Cap /proc/self/status
docker exec limited touch /x
docker exec -u root limited grep ^Cap /proc/self/status
