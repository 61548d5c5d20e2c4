# ps, inspect, events, info and the other questions about what is there.

== ps
docker ps
docker ps -a
docker create --name made --label team=red busybox echo made >/dev/null; docker run --name done --label team=blue busybox sh -c 'exit 3'; docker run -d --name live --label team=red busybox sleep 100 >/dev/null
docker ps --format '{{.Names}}'
docker ps -a --format '{{.Names}} {{.Image}} {{.Command}} {{.Status}} {{.State}}'
docker ps -a --format '{{.ID}} {{.CreatedAt}} {{.RunningFor}} {{.Ports}} {{.Mounts}} {{.Size}}' | sed 's/[0-9.]*k*B (virtual .*)/<SIZE>/'
docker ps -a --format '{{json .}}' | shape | grep -vE 'Networks|Size'
docker ps -aq | wc -l
docker ps -aq --no-trunc | awk '{print length($1)}'
docker ps -n 2 --format '{{.Names}}'
docker ps -l --format '{{.Names}}'
docker ps -a --filter name=do --format '{{.Names}}'
docker ps -a --filter name=^/done$ --format '{{.Names}}'
docker ps -a --filter status=exited --format '{{.Names}}'
docker ps --filter status=created --format '{{.Names}}'
docker ps -a --filter status=nonsense
docker ps -a --filter exited=3 --format '{{.Names}}'
docker ps -a --filter exited=x
docker ps -a --filter label=team=red --format '{{.Names}}'
docker ps -a --filter label=team --format '{{.Names}}'
docker ps -a --filter ancestor=busybox --format '{{.Names}}'
docker ps -a --filter ancestor=nosuch --format '{{.Names}}'
docker ps -a --filter before=live --format '{{.Names}}'
docker ps -a --filter since=made --format '{{.Names}}'
docker ps -a --filter since=nosuch
docker ps -a --filter id=$(docker inspect -f '{{.Id}}' live) --format '{{.Names}}'
docker ps -a --filter nosuch=x
docker ps -a --filter volume=/x --format '{{.Names}}'
docker ps -a --filter network=host --format '{{.Names}}'
docker ps -a --filter health=none --format '{{.Names}}'
docker ps -a --filter is-task=true --format '{{.Names}}'
docker ps -a --filter publish=80 --format '{{.Names}}'
docker ps -a --filter status=running --filter status=exited --format '{{.Names}}'
docker ps -a --filter label=team=red --filter status=running --format '{{.Names}}'
docker ps --no-trunc --format '{{.Command}}'
docker ps -a --format '{{.Label "team"}} {{.Labels}}'
docker ps | head -1
docker ps -as | head -1
docker ps --format '{{.NoSuch}}'
docker port live
docker port nosuch
docker port live 80

== inspect-container
docker create --name box --hostname box busybox sh -c 'exit 3' >/dev/null
docker inspect box | shape | grep -vE 'NetworkSettings'
docker inspect box | shape -t | grep -E 'NetworkSettings\.(Bridge|Sandbox|Ports|Hairpin|Link|Global|IP|Mac|EndpointID|Gateway|Secondary)'
docker start -a box; docker inspect box | shape | grep '^\[0\].State'
docker inspect -s box | shape | grep Size
docker inspect -f '{{.Name}} {{.Path}} {{json .Args}} {{.Driver}} {{.Platform}}' box
docker inspect -f '{{.ResolvConfPath}} {{.HostnamePath}} {{.HostsPath}} {{.LogPath}}' box | tr ' ' '\n' | sed 's/.*containers/containers/'
docker inspect -f '{{.NoSuch}}' box
docker inspect -f '{{nonsense' box
docker inspect box nosuch | shape | grep '\.Name='
docker container inspect nosuch
docker create --name full --hostname h --domainname d -u guest -e A=1 -w /tmp --entrypoint e -l a=b --init --read-only --cap-add net_admin --cap-drop chown --dns 1.1.1.1 --add-host x:1.2.3.4 --memory 64m --cpus 0.5 --pids-limit 9 --ulimit nofile=5:6 --sysctl net.ipv4.ip_forward=1 --tmpfs /t:ro --device /dev/null:/dev/n:r --restart on-failure:3 --stop-signal USR1 --stop-timeout 7 --shm-size 1m --oom-score-adj 5 --group-add 7 --security-opt no-new-privileges --health-cmd x --health-interval 3s --log-opt max-size=1m --expose 80/udp --network none busybox c1 c2 >/dev/null
docker inspect full | shape | grep -E '\.(Config|HostConfig)\.'

== events
date +%s.%N > t0; docker run --name box busybox true; happened --format '{{.Type}} {{.Action}}'
happened --filter container=box --filter type=container --format '{{json .}}' | sed -E 's/"time(Nano)?":[0-9]+/"time\1":0/g; s/"execDuration":"[0-9]+"/x/'
docker start box >/dev/null; docker wait box; docker rm box; happened --filter event=destroy --format '{{.Actor.Attributes.name}}'
date +%s.%N > t0; docker run -d --name b2 busybox sleep 100 >/dev/null; docker pause b2; docker unpause b2; docker rename b2 b3; docker exec b3 true; docker kill b3; docker wait b3; docker rm b3; happened --filter type=container --format '{{.Action}}'
date +%s.%N > t0; docker run -d --name b4 busybox sh -c 'trap "" TERM; echo r; while :; do sleep 0.1; done' >/dev/null; eventually sh -c 'docker logs b4 | grep -q r'; docker stop -t 1 b4; docker restart -t 0 b4; docker rm -f b4; happened --filter type=container --format '{{.Action}} {{.Actor.Attributes.signal}} {{.Actor.Attributes.exitCode}}'
date +%s.%N > t0; docker tag busybox mine; docker rmi mine; docker save busybox | docker load >/dev/null; happened --filter type=image --format '{{.Action}} {{.Actor.Attributes.name}}'
date +%s.%N > t0; docker create --name b5 busybox >/dev/null; docker cp b5:/etc/passwd - >/dev/null; docker export b5 >/dev/null; docker commit b5 mine >/dev/null; docker rm b5; docker rmi mine >/dev/null; happened --format '{{.Type}} {{.Action}}' | grep -v network
date +%s.%N > t0; docker run --rm --label color=red --name b6 busybox true; happened --filter label=color=red --format '{{.Action}}'
happened --filter image=busybox --filter event=start --format '{{.Actor.Attributes.name}}'
happened --filter type=nonsense
docker events --since nonsense --until 0s
docker events --filter nonsense --until 0s
date +%s.%N > t0; (docker events --since $(cat t0) --filter container=live --filter event=start --filter event=die --format '{{.Action}}' > seen & echo $! > pid; docker run --name live busybox true; eventually grep -q die seen; kill $(cat pid)); cat seen

== prefixes
docker create --name box busybox >/dev/null; id=$(docker inspect -f '{{.Id}}' box); docker inspect -f '{{.Name}}' ${id:0:12}; docker inspect -f '{{.Name}}' ${id:0:40}; docker inspect -f '{{.Name}}' /box
for i in $(seq 20); do docker create busybox; done | cut -c1 | sort | uniq -d | head -1 > twice; docker inspect $(cat twice) 2>&1 | tail -1 | sed 's/: [0-9a-f]$/: <prefix>/'
docker rm $(cat twice) 2>&1 | sed 's/: [0-9a-f]$/: <prefix>/'
docker create --name ${HOSTNAME:-x}.-_ok busybox | wc -c
docker start ''
docker inspect ''
docker rm /box
docker container prune -f | tail -1
docker container prune -f
docker container prune -f --filter until=1h
docker container prune -f --filter nosuch=x
docker create --label a=b --name keep busybox >/dev/null; docker container prune -f --filter label!=a; docker ps -aq | wc -l
docker create --name go busybox >/dev/null; docker run -d --name stay busybox sleep 100 >/dev/null; docker container prune -f | sed 's/^Total.*/Total/'; docker ps -a --format '{{.Names}}'

== system
docker version --format '{{.Client.Version}} {{.Server.Os}} {{.Server.Arch}}'
docker version --format '{{json .Server}}' | shape -t | grep -vE 'Components'
docker info --format '{{.OSType}} {{.Architecture}} {{.NCPU}} {{.Containers}} {{.ContainersRunning}} {{.Images}} {{.DefaultRuntime}} {{.LoggingDriver}} {{.CgroupDriver}} {{.CgroupVersion}}'
docker info --format '{{json .}}' | shape -t | sed 's/\[[0-9]*\]/[]/' | sort -u | grep -vE 'Plugins|ClientInfo|Commit|Runtimes|DriverStatus|Warnings|RegistryConfig|SecurityOptions'
docker info --format '{{.Swarm.LocalNodeState}} {{.KernelVersion}}' | sed 's/ .*//'
docker system df | cut -c1-16
docker system df --format '{{.Type}} {{.TotalCount}} {{.Active}}'
docker run --name box busybox sh -c 'head -c 100000 /dev/zero > /f'; docker system df --format '{{.Type}} {{.TotalCount}} {{.Active}}'
docker system df -v --format '{{json .Containers}}' | shape | grep -E 'Names|State|Image'
docker system prune -f | sed 's/^Total.*/Total/'
docker ps -aq | wc -l
docker volume ls -q
docker network ls --format '{{.Name}} {{.Driver}} {{.Scope}}' | sort
docker node ls
docker service ls
docker swarm leave
docker secret ls
docker config ls
docker plugin ls
docker checkpoint ls box
docker nosuchcommand
docker ps --nosuchflag
DOCKER_API_VERSION=1.23 docker ps
DOCKER_API_VERSION=1.24 docker ps
DOCKER_API_VERSION=1.99 docker ps

== conflicts
docker run -d --name box busybox sleep 100 >/dev/null; docker run --name box busybox true
docker create --name box busybox
docker create --name /box busybox
docker rename box box
docker rm box
docker cp box:/nosuch .
docker export nosuch
docker logs nosuch
docker attach nosuch
docker top nosuch
docker stats --no-stream nosuch
docker diff nosuch
docker update --memory 10m nosuch
docker wait nosuch
docker exec nosuch x
docker port nosuch
docker commit nosuch
docker pull --quiet localhost:1/nosuch 2>&1 | grep -c refused
docker push localhost:1/nosuch
docker run --rm -v nosuch:/x:nonsense busybox true
docker run --rm --gpus all busybox true
docker run --rm --runtime nosuch busybox true
docker run --rm --isolation hyperv busybox true
docker run --rm --pull never --platform linux/arm64 busybox true
docker run --rm --platform nonsense/x/y/z busybox true
docker run --rm --storage-opt size=1G busybox true
docker run --rm --ip 1.2.3.4 busybox true
docker run --rm --mac-address nonsense busybox true
docker run --rm --link nosuch:x busybox true
docker run --rm --publish 80:80:80:80 busybox true
docker run --rm --expose nonsense busybox true
docker run --rm --network none --network-alias x busybox true
docker run --rm --network host -p 8080:80 busybox true
