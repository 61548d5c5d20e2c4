# What is said when a command line is wrong, or not there.

== usage-words
docker nosuch
docker nosuch --help | head -3
docker container nosuch | head -1
docker image nosuch 2>&1 | tail -1
docker --nosuch 2>&1 | head -2
docker -z 2>&1 | head -2
docker --host 2>&1 | head -2
docker container 2>&1 | sed -n '2p;/prune/p'
docker image 2>&1 | sed -n '2p;/prune/p'
docker network 2>&1 | sed -n '2p;/prune/p'
docker volume 2>&1 | sed -n '2p;/prune/p'
docker context 2>&1 | sed -n '2p;/^  use/p'
docker builder 2>&1 | grep '^Usage'
docker manifest 2>&1 | sed -n '2p'
docker system 2>&1 | sed -n '2p;/info/p'
docker -H tcp://127.0.0.1:1 ps
docker -H nosuch://x ps
docker -H unix://$PWD/nosuch.sock ps
docker -H unix:///a -H unix:///b ps
docker -c nosuch ps
docker -H x -c y ps
docker --tlsverify --tlscacert nosuch.pem -H tcp://127.0.0.1:1 ps 2>&1 | sed 's/:.*//'
docker -l nosuch ps
docker -D version --format '{{.Server.Os}}'
docker --log-level debug version --format '{{.Server.Arch}}'
DOCKER_HOST= DOCKER_CONTEXT=nosuch docker ps
DOCKER_API_VERSION=1.24 docker version --format '{{.Client.APIVersion}}'
docker help run | grep '^Usage'
docker ps --help | grep '^Usage'
docker container ls --help | grep '^Usage'
docker container ls --help | sed -n '/Aliases/,/^$/p'
docker rmi --help | sed -n '/Aliases/,/^$/p'
docker network rm --help | sed -n '/Aliases/,/^$/p'
docker volume ls --help | sed -n '/Aliases/,/^$/p'
docker context rm --help | sed -n '/Aliases/,/^$/p'

== usage-of-commands
docker run
docker run --nosuch busybox
docker run -e
docker run -it=x busybox
docker run --memory 1x busybox
docker run --cpus x busybox
docker run --cpus 1.1234567891 busybox
docker run --pids-limit x busybox
docker run --blkio-weight 70000 busybox
docker run --oom-score-adj x busybox
docker run --stop-timeout x busybox
docker run --health-interval x busybox
docker run --health-retries x busybox
docker run --init=maybe busybox
docker run --restart nosuch busybox true
docker run --restart on-failure:x busybox true
docker run --restart always:3 busybox true
docker run --ulimit x busybox
docker run --ulimit nosuch=1 busybox
docker run --ulimit nofile=5:4 busybox
docker run --ulimit nofile=a busybox
docker run --ulimit nofile=1:2:3 busybox
docker run --device-read-bps x busybox
docker run --device-read-bps /x:1 busybox
docker run --device-read-bps /dev/x:y busybox
docker run --device-write-iops /dev/x:-1 busybox
docker run --device-write-iops /dev/x:1k busybox
docker run --blkio-weight-device /dev/x:5 busybox
docker run --blkio-weight-device /dev/x busybox
docker run --device-cgroup-rule x busybox
docker run --device /a:b:c:d busybox
docker run --device /dev/null:/x:q busybox
docker run --device '' busybox
docker run --gpus x=1 busybox
docker run --gpus nosuch busybox
docker run --gpus count=x busybox
docker run --gpus device=1,device=2 busybox
docker run --gpus 1,all busybox
docker run --sysctl kernel.nosuch=1 busybox
docker run --sysctl x busybox
docker run --link a:b:c busybox
docker run --link '' busybox
docker run --add-host x busybox
docker run --add-host x:nosuch busybox
docker run --dns x busybox
docker run --dns-search 'a b' busybox
docker run --ip x --network none busybox true
docker run --ip6 x --network none busybox true
docker run --mac-address x busybox
docker run --network '' busybox true
docker run --network name=x,nosuch=y busybox true
docker run --network alias=x busybox true
docker run --network host --network none busybox true
docker run --expose x busybox
docker run --expose 1-x busybox
docker run --expose 99999 busybox
docker run -p x busybox
docker run -p 1:2:3:4 busybox
docker run -p 80/nosuch busybox
docker run -p 99999:80 busybox
docker run -p 1-2:5 busybox
docker run -p nosuch:80:80 busybox
docker run --mount '' busybox
docker run --mount x busybox
docker run --mount type=nosuch,target=/x busybox
docker run --mount type=bind busybox
docker run --mount type=bind,target=/x,volume-nocopy busybox
docker run --mount type=tmpfs,target=/x,tmpfs-size=x busybox
docker run --mount type=tmpfs,target=/x,tmpfs-mode=9 busybox
docker run --mount type=bind,src=/,target=/x,bind-recursive=nosuch busybox
docker run --mount type=bind,src=/,target=/x,bind-recursive=writable busybox
docker run --mount type=bind,src=/,target=/x,bind-recursive=readonly busybox
docker run --mount type=bind,src=/,target=/x,bind-recursive=readonly,readonly busybox
docker run --mount type=bind,src=/,target=/x,readonly=maybe busybox
docker run --mount type=volume,target=/x,bind-propagation=shared busybox
docker run -v '' busybox
docker run -v : busybox
docker run -v :/x busybox
docker run -v /a:/b:/c:/d busybox
docker run -v /a:b busybox true
docker run --storage-opt size busybox
docker run --security-opt nosuch busybox
docker run --security-opt seccomp=nosuch.json busybox
docker run --env-file nosuch busybox
printf 'a b=c\n' > bad.env; docker run --env-file bad.env busybox
printf '=c\n' > bad.env; docker run --env-file bad.env busybox
docker run --label-file nosuch busybox
docker run -e =x busybox
docker run --isolation nosuch busybox true
docker run --pull nosuch busybox
docker run --platform nosuch busybox true
docker run --platform a/b/c/d busybox true
docker run --platform 'a b' busybox true
docker run --cidfile /nosuch/x busybox true
touch cid; docker run --cidfile cid busybox true
docker run --log-opt x busybox true
docker run --log-driver nosuch busybox true
docker run --log-opt nosuch=1 busybox true
docker run --name 'a b' busybox true
docker run --name a busybox:
docker run UPPER
docker run ''
docker run --attach x busybox true
docker run -d --attach stdout busybox true
docker run --rm --restart always busybox true
docker run --no-healthcheck --health-cmd x busybox
docker run --health-interval -1s busybox
docker run --health-retries -1 busybox
docker run --memory-swappiness 101 busybox
docker run --shm-size x busybox
docker run --cpu-count 2 busybox
docker run --cpu-percent 5 busybox
docker run --io-maxiops 5 busybox
docker run --io-maxbandwidth 1m busybox
docker run --userns nosuch busybox
docker run --uts nosuch busybox
docker run --pid nosuch busybox
docker run --ipc nosuch busybox true
docker run --cgroupns nosuch busybox
docker run --stop-signal NOSUCH busybox true
docker run --workdir x busybox true
docker run --detach-keys nosuch-x --name keys busybox true

== usage-of-the-rest
docker attach
docker attach --nosuch x
docker attach a b
docker builder prune x
docker builder prune --filter x
docker commit
docker commit a b c
docker commit --nosuch a
docker container prune x
docker container inspect
docker context create
docker context inspect nosuch
docker context rm
docker context use
docker context export
docker context import a
docker context update nosuch
docker context show x
docker cp
docker cp a
docker cp a b
docker cp a:b c:d
docker cp - -
docker create
docker create --nosuch x
docker diff
docker diff a b
docker events x
docker events --since x --until 1
docker events --filter x
docker exec
docker exec x
docker exec --nosuch x y
docker exec -e =x a b
docker export
docker export a b
docker history
docker images a b
docker images --nosuch
docker image inspect
docker image prune x
docker import
docker info x
docker inspect
docker kill
docker load x
docker load --nosuch
docker login a b
docker login --password x --password-stdin
docker login -u x --password-stdin -p y
docker login --password-stdin
docker logout a b
docker logs
docker logs a b
docker logs --nosuch a
docker manifest create x
docker manifest inspect
docker manifest annotate x
docker network connect x
docker network create
docker network create a b
docker network disconnect x
docker network inspect
docker network ls x
docker network prune x
docker network rm
docker pause
docker port
docker port a b c
docker ps x
docker ps -n x
docker pull
docker pull a b
docker pull -a x:y
docker pull UPPER
docker push
docker push a b
docker rename
docker rename a
docker rename a b c
docker restart
docker restart -t x a
docker rm
docker rmi
docker save
docker search
docker search a b
docker search --limit x a
docker start
docker start -a x y
docker start --detach-keys ctrl-p -ai x y
docker stats --nosuch
docker stop
docker stop -t x a
docker system df x
docker system prune x
docker tag
docker tag a
docker top
docker unpause
docker update
docker update x
docker update --cpus y x
docker version x
docker volume create a b
docker volume inspect
docker volume ls x
docker volume prune x
docker volume rm
docker wait
