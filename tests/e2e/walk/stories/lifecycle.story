# The states of a container and the verbs that move it between them.

== create-start-stop
docker create --name box busybox sh -c 'echo hi; sleep 100' | wc -c
docker inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Pid}} {{.State.StartedAt}}' box
docker start box
docker start box
docker inspect -f '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.State.FinishedAt}}' box
docker stop -t 1 box
docker stop box
docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' box
docker start box; docker logs box
docker restart -t 0 box; eventually sh -c 'docker logs box | grep -c hi | grep 3'
docker kill box
docker kill box
docker inspect -f '{{.RestartCount}} {{.State.ExitCode}}' box
docker rm box
docker rm box
docker start nosuch
docker stop nosuch
docker restart nosuch
docker kill nosuch
docker create --name box1 busybox sh -c 'exit 3' >/dev/null; docker start -a box1
docker create --name box2 -i busybox cat >/dev/null; echo input | docker start -ai box2
docker start box1 box2 nosuch
docker kill box2 >/dev/null 2>&1; docker wait box1 box2
docker create --pull never nosuchimage
docker run --pull never nosuchimage

== stop-signals
docker run -d --name quick busybox sleep 100 >/dev/null; time=$SECONDS; docker stop -t 4 quick; test $((SECONDS-time)) -lt 8 && echo stopped
docker inspect -f '{{.State.ExitCode}}' quick
docker run -d --name trap busybox sh -c 'trap "echo got; exit 5" TERM; echo ready; while :; do sleep 0.05; done' >/dev/null
eventually sh -c 'docker logs trap | grep ready'; docker stop trap; docker logs trap; docker inspect -f '{{.State.ExitCode}}' trap
docker run -d --name usr --stop-signal USR1 busybox sh -c 'trap "exit 6" USR1; echo ready; while :; do sleep 0.05; done' >/dev/null
eventually sh -c 'docker logs usr | grep ready'; docker stop usr; docker inspect -f '{{.State.ExitCode}} {{.Config.StopSignal}}' usr
docker run -d --name sig busybox sh -c 'trap "exit 8" HUP; echo ready; while :; do sleep 0.05; done' >/dev/null
eventually sh -c 'docker logs sig | grep ready'; docker kill -s HUP sig; docker wait sig
docker run -d --name box --stop-timeout 1 busybox sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done' >/dev/null
eventually sh -c 'docker logs box | grep ready'; docker stop box; docker inspect -f '{{.State.ExitCode}} {{.Config.StopTimeout}}' box
docker start box >/dev/null; docker kill -s NOSUCH box
docker kill -s 99 box
docker kill --signal 9 box
docker wait box
docker stop -t 0 -s KILL nosuch
docker run -d --name kinds busybox sleep 100 >/dev/null; docker kill -s SIGWINCH kinds; docker kill -s 28 kinds; docker inspect -f '{{.State.Running}}' kinds
docker run --rm --stop-signal NOSUCH busybox true

== pause
docker run -d --name box busybox sh -c 'while :; do sleep 0.1; done' >/dev/null
docker pause box
docker pause box
docker inspect -f '{{.State.Status}} {{.State.Paused}} {{.State.Running}}' box
docker ps --filter name=box --format '{{.Status}}'
docker exec box true
docker start box
docker rm box
docker unpause box
docker unpause box
docker inspect -f '{{.State.Status}}' box
docker pause box; docker stop -t 1 box; docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' box
docker pause box
docker start box; docker pause box; docker kill box; docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' box
docker start box; docker pause box; docker restart -t 0 box; docker inspect -f '{{.State.Status}}' box
docker pause box; docker rm -f box
docker pause nosuch
docker unpause nosuch

== rename
docker create --name one busybox >/dev/null; docker create --name two busybox >/dev/null
docker rename one three; docker inspect -f '{{.Name}}' three
docker rename three two
docker rename three three
docker rename three 'bad name'
docker rename three ''
docker rename nosuch x
docker inspect one
docker rename three one && docker ps -a --format '{{.Names}}' | sort
docker run -d --name busy busybox sleep 100 >/dev/null; docker rename busy busier; docker exec busier hostname | wc -c

== wait
docker run -d --name box busybox sh -c 'sleep 0.3; exit 12' >/dev/null; docker wait box
docker wait box
docker wait nosuch
docker run -d --name b1 busybox sleep 0.2 >/dev/null; docker run -d --name b2 busybox sh -c 'sleep 0.3; exit 4' >/dev/null; docker wait b1 b2
docker run -d --rm --name b3 busybox sh -c 'sleep 1.5; exit 5' >/dev/null; docker wait b3
docker create --name b4 busybox true >/dev/null; docker wait b4
docker run -d --name b5 busybox sleep 100 >/dev/null; (sleep 1.5; docker rm -f b5 >/dev/null) & docker wait b5

== remove
docker run -d --name box busybox sleep 100 >/dev/null
docker rm box
docker rm -f box
docker rm -f box
docker rm nosuch
docker rm -f nosuch
docker create --name box1 busybox >/dev/null; docker create --name box2 busybox >/dev/null; docker rm box1 nosuch box2
docker create --name vol -v /data busybox >/dev/null; docker rm -v vol
docker ps -aq
docker create --name keep busybox >/dev/null; docker rm -l keep

== restart-policy
docker run -d --name box --restart on-failure:2 busybox sh -c 'echo x; exit 1' >/dev/null
eventually sh -c 'docker inspect -f "{{.State.Status}} {{.RestartCount}}" box | grep "exited 2"'
docker logs box
docker inspect -f '{{json .HostConfig.RestartPolicy}} {{.State.ExitCode}}' box
docker run -d --name ok --restart on-failure busybox true >/dev/null; docker wait ok; docker inspect -f '{{.RestartCount}} {{.State.Status}}' ok
docker run -d --name always --restart always busybox sh -c 'echo x; sleep 0.2' >/dev/null; eventually sh -c 'docker inspect -f "{{.RestartCount}}" always | grep -v "^0"' >/dev/null && echo restarted
docker stop -t 1 always; docker inspect -f '{{.State.Status}}' always
docker run -d --name never --restart no busybox false >/dev/null; docker wait never; docker inspect -f '{{.RestartCount}}' never
docker run --restart always:3 busybox true
docker run --restart nonsense busybox true
docker run --restart on-failure:-1 busybox true
docker run --restart on-failure:x busybox true
docker run -d --name unless --restart unless-stopped busybox sleep 100 >/dev/null; docker kill unless; docker inspect -f '{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}' unless

== update
docker run -d --name box --memory 64m busybox sleep 100 >/dev/null
docker update --memory 128m --memory-swap 256m box
docker exec box sh -c 'cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes'
docker inspect -f '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}' box
docker update --cpus 0.5 --pids-limit 50 box; docker exec box sh -c 'cat /sys/fs/cgroup/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids/pids.max'
docker update --cpu-shares 300 box; docker inspect -f '{{.HostConfig.CpuShares}}' box
docker update --restart always box; docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' box
docker update --restart no box
docker update box
docker update --memory 1m box
docker update --memory 512m box
docker update nosuch --memory 64m
docker update --cpuset-cpus 99 box
docker create --name still busybox >/dev/null; docker update --memory 64m --memory-swap 64m still; docker inspect -f '{{.HostConfig.Memory}}' still
docker run -d --rm --name auto busybox sleep 100 >/dev/null; docker update --restart always auto

== health
docker run -d --name box --health-cmd 'echo fine' --health-interval 1s busybox sleep 100 >/dev/null; docker inspect -f '{{.State.Health.Status}}' box
eventually sh -c 'docker inspect -f "{{.State.Health.Status}}" box | grep "^healthy"'
docker ps --filter name=box --format '{{.Status}}'
docker inspect -f '{{.State.Health.FailingStreak}} {{(index .State.Health.Log 0).ExitCode}} {{(index .State.Health.Log 0).Output}}' box
docker ps -q --filter health=healthy | wc -l
docker run -d --name sick --health-cmd 'exit 1' --health-interval 1s --health-retries 1 busybox sleep 100 >/dev/null; eventually sh -c 'docker inspect -f "{{.State.Health.Status}}" sick | grep "^unhealthy"'
docker inspect -f '{{json .Config.Healthcheck}}' sick
docker run --rm --health-cmd x --health-interval 1us busybox true
docker run --rm --health-cmd x --health-retries -1 busybox true
docker run --rm --no-healthcheck --health-cmd x busybox true
docker run -d --name none --no-healthcheck busybox sleep 100 >/dev/null; docker inspect -f '{{json .State.Health}} {{json .Config.Healthcheck}}' none

== top-and-stats
docker run -d --name box busybox sh -c 'sleep 1000 & sleep 2000' >/dev/null; eventually sh -c 'docker top box | grep -c sleep.2000' >/dev/null
docker top box | awk 'NR==1 {print $1,$2,$3,$4,$8} NR>1 {print $1,$8,$9,$10}' | sort
docker top box -o pid,comm,args | awk 'NR==1 {print} NR>1 {print $2,$3,$4,$5}' | sort
docker top box aux | head -1
docker top box -o comm
docker top box --nosuch
docker top nosuch
docker create --name still busybox >/dev/null; docker top still
docker stats --no-stream --format '{{.Name}} {{.PIDs}}' box
docker stats --no-stream --format '{{.MemUsage}}' box | grep -cE '^[0-9.]+[KM]iB / [0-9.]+GiB$'
docker stats --no-stream --format '{{.CPUPerc}} {{.MemPerc}}' box | grep -cE '^[0-9.]+% [0-9.]+%$'
docker stats --no-stream still --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}}'
docker stats --no-stream nosuch
docker stats --no-stream box | head -1
docker run -d --name limited --memory 64m busybox sleep 100 >/dev/null; docker stats --no-stream --format '{{.MemUsage}}' limited | sed 's/.* //'
