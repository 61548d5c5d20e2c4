# The same command by each of its names, and what it prints.

== forms-of-containers
docker container create --name box --label team=red busybox sh -c 'echo out; echo err >&2; exec sleep 100' >/dev/null; docker container start box
docker container ls --format '{{.Names}} {{.Image}} {{.State}}'
docker container list --format '{{.Names}}'
docker container ps --format '{{.Names}}'
docker container ls -q | wc -l
docker container exec box echo hello
eventually sh -c 'docker container logs box 2>&1 | grep err'; docker container logs box
docker container top box -o pid,comm | tail -1 | sed 's/[0-9]*//'
docker container stats --no-stream --format '{{.Name}} {{.PIDs}}' box
docker container pause box; docker container ls --format '{{.Status}}' | sed 's/.*(/(/'
docker container unpause box
docker container update --memory 64m --memory-swap 64m box
docker container port box
docker container rename box bax
docker container diff bax
docker container cp bax:/etc/group . && head -1 group
docker container commit bax made | cut -c1-7
docker container export bax | tar tf - | grep -c '^etc/group$'
docker container inspect -f '{{.Name}} {{.Config.Labels}}' bax
docker container attach --no-stdin --sig-proxy=false nosuch
docker container restart -t 0 bax
docker container kill bax
docker container wait bax
docker container stop bax
docker container run --rm busybox echo ran
docker container rm bax
docker container remove bax
docker container create --name gone busybox >/dev/null; docker container prune -f | sed 's/^Total.*/Total/'
docker container prune -f --filter label=x
docker container prune -f --filter nosuch=x
printf 'n\n' | docker container prune
docker container prune < /dev/null
docker image ls --format '{{.Repository}}' | sort
docker image list --format '{{.Repository}}' | sort
docker image tag made other
docker image history --format '{{.CreatedBy}}' busybox
docker image inspect -f '{{.RepoTags}}' busybox
docker image save other | docker image load
docker image rm other
docker image remove made | sed 's/:.*//' | sort | uniq -c
tar cf x.tar group; docker image import x.tar imported | cut -c1-7
docker image prune -f
docker rmi imported | wc -l
docker system info --format '{{.OSType}}'
docker info --format '{{.Name}} {{.ID}}' | wc -l
docker system events --since 0 --until 1
docker system df --format '{{.Type}}'
docker network list --format '{{.Name}}' | sort
docker volume list -q

== forms-of-lists
docker create --name alpha --label k=v --label j=w -v /data -p 8080:80 -p 127.0.0.1:9000-9001:90-91/udp busybox sh -c 'echo a rather long command line that is cut' >/dev/null; docker create --name beta busybox >/dev/null
docker ps -a
docker ps -a --no-trunc | sed 's/  */ /g' | cut -d' ' -f1-3
docker ps -a --format table
docker ps -a --format 'table {{.Names}}\t{{.Status}}'
docker ps -a --format 'table {{.Names}} {{.Label "k"}}'
docker ps -a --format json --filter name=alpha | shape -t
docker ps -a --format '{{.Names}}\t{{.Labels}}' | sed 's/j=w,k=v/k=v,j=w/'
docker ps -a --format '{{.Names}}{{"\n"}}{{.ID}}' | wc -l
docker ps -a --format '{{json .Names}} {{printf "%-5s|%3d" .Names 7}}'
docker ps -a --format '{{range split .Names "a"}}<{{.}}>{{end}}'
docker ps -a --format '{{if eq .Names "alpha"}}yes{{else}}no{{end}}'
docker ps -a --format '{{upper .Names}} {{lower "ABC"}} {{title "abc"}} {{pad .Names 1 2}}|'
docker ps -a --format '{{truncate .Command 5}}'
docker ps -a --format '{{len .Names}} {{slice .Image 0 4}}'
docker ps -a --format '{{with .Names}}{{.}}{{end}} {{/* nothing */}}{{- " x" -}} '
docker ps -a --format '{{$n := .Names}}{{$n}}'
docker ps -a --format '{{.Names | printf "%q"}}'
docker ps -a --format '{{.Names'
docker ps -a --format '{{nosuch .Names}}'
docker ps -a --format '{{.Names.X}}'
docker ps -a --format '{{if}}'
docker ps -a --format '{{end}}'
docker ps -a --format '{{range .Names}}'
docker ps -a --format '{{ "x }}'
docker ps -a --format '{{.Nosuch}}'
docker ps -aq --format '{{.Names}}'
mkdir -p .docker; printf '{"psFormat": "{{.Names}}!", "imagesFormat": "{{.Repository}}!", "volumesFormat": "{{.Name}}!", "networksFormat": "{{.Name}}!"}' > .docker/config.json; docker ps -a
docker images
docker network ls | sort
docker ps -a --format '{{.Image}}'
printf '{"psFormat": 5}' > .docker/config.json; docker ps -aq | wc -l
printf 'nonsense' > .docker/config.json; docker ps -aq | wc -l
rm .docker/config.json; docker images --format '{{.Repository}} {{.Tag}} {{.Containers}} {{.SharedSize}} {{.UniqueSize}}'
docker images --no-trunc --format '{{.ID}}' busybox
docker images --format 'table {{.Repository}}\t{{.Digest}}'
docker history busybox | sed 's/  */ /g' | cut -d' ' -f1-4
docker history --no-trunc busybox | wc -l
docker history --format 'table {{.CreatedBy}}\t{{.Comment}}' busybox
docker history --format json busybox | shape -t
docker history --format '{{.Nosuch}}' busybox
docker system df --format 'table {{.Type}}\t{{.Active}}'
docker system df --format json | shape -t
docker system df --format '{{.Nosuch}}'
docker system df -v --format '{{range .Containers}}{{.Names}} {{end}}{{len .Images}} {{len .Volumes}} {{len .BuildCache}}'
docker system df -v --format json | shape -t | sed 's/\[[0-9]*\]/[]/' | sort -u | grep -v Volumes
docker system df -v | sed -n '1p;/^Containers/,/^$/p' | cut -c1-30
docker inspect -f '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}' alpha
docker inspect -f '{{json .HostConfig.PortBindings}}' alpha
docker inspect -f '{{.HostConfig.PortBindings}}' alpha
docker inspect -f '{{.HostConfig.KernelMemory}} {{.HostConfig.Mounts}} {{.Config.Healthcheck}} {{.State.Health}}' alpha
docker inspect -f '{{.State}}' beta | sed 's/<TIME>/T/g'
docker inspect -f '{{.HostConfig.RestartPolicy}} {{.HostConfig.LogConfig}}' beta
docker inspect -f '{{.Config.Env}} {{.Config.Cmd}} {{.Args}} {{.Config.Entrypoint}}' beta
docker inspect -f '{{index .Args 0}}' beta
docker inspect -f '{{index .Args 9}}' beta
docker inspect -f '{{.Config.Labels.nosuch}}|{{index .Config.Labels "nosuch"}}|' alpha
docker inspect -f '{{eq .State.Status "created"}} {{ne 1 2}} {{lt 1 2}} {{and true false}} {{or "" "x"}} {{not true}}' alpha
docker inspect -f '{{json .}}' beta | shape -t | grep -vc GraphDriver
docker inspect -f json alpha | shape | grep Names
docker inspect --type nosuch alpha
docker inspect --type volume alpha
docker inspect alpha beta nosuch -f '{{.Name}}'
docker version --format '{{json .Server}}' | shape -t | grep -E 'Version|Os|Arch' | grep -v 'Components.[1-9]'
docker version --format '{{.Nosuch}}'
docker version --format '{{.Server.Nosuch}}'
docker info --format '{{.Nosuch}}'
docker info --format '{{json .Swarm.LocalNodeState}}'

== forms-of-networks
docker network create one
docker network create one
docker network create --driver nosuch two
docker network create --subnet x two
docker network create --subnet 10.9.0.0/24 --gateway 10.8.0.1 two
docker network create --internal --label k=v --subnet 10.9.0.0/24 --ip-range 10.9.0.128/25 --gateway 10.9.0.1 --aux-address host=10.9.0.5 two
docker network create --subnet 10.9.0.0/16 three
docker network create 'a b' && docker network rm 'a b'
docker network create host
docker network ls --format '{{.Name}} {{.Driver}} {{.Scope}} {{.Internal}} {{.IPv6}} {{.Labels}}' | sort
docker network ls --filter label=k --format '{{.Name}}'
docker network ls --filter name=tw -q | wc -l
docker network ls --filter type=custom --format '{{.Name}}' | sort
docker network ls --filter type=nosuch
docker network ls --filter dangling=true --format '{{.Name}}' | sort
docker network ls --no-trunc | head -1
docker network inspect two | shape
docker network inspect -f '{{json .IPAM.Config}} {{.Internal}} {{.Options}} {{.Labels}}' two
docker network inspect one nosuch -f '{{.Name}}'
docker create --name box busybox sleep 100 >/dev/null; docker network connect --alias x --alias y --ip 10.9.0.200 two box
docker network connect two box
docker network connect nosuch box
docker network connect two nosuch
docker network connect --ip 1.2.3.4 one box
docker inspect -f '{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}}{{json (index .NetworkSettings.Networks "two").IPAMConfig}}' box
docker network rm two
docker network disconnect two box
docker network disconnect two box
docker network disconnect -f nosuch box
docker network rm two nosuch one
docker network remove -f nosuch
docker network rm host
docker network create lone >/dev/null; docker network prune -f
docker network prune -f --filter label=x
docker network prune -f --filter nosuch=x

== forms-of-contexts
docker context ls
docker context show
docker context create one --docker host=tcp://127.0.0.1:1 --description 'The first'
docker context create one --docker host=tcp://127.0.0.1:1
docker context create 'a b'
docker context create two --docker host=unix://$PWD/two.sock
docker context create three --docker nosuch=x
docker context create four --docker host=ssh://nosuch
docker context create five --from one
docker context ls
docker context ls -q
docker context list --format '{{.Name}} {{.Current}} {{.DockerEndpoint}} {{.Description}} {{.Error}}'
docker context ls --format json | shape
docker context inspect one
docker context inspect -f '{{.Name}} {{.Endpoints.docker.Host}} {{.Metadata.Description}}' one two
docker context inspect nosuch
docker context inspect default | shape | grep -v Path
docker context update one --description 'Changed'
docker context update one --docker host=tcp://127.0.0.1:2
docker context inspect -f '{{.Endpoints.docker.Host}} {{.Metadata.Description}}' one
docker context export one && tar tf one.dockercontext | sort | sed 's/^meta.*/meta/; s,/$,,'
docker context export one
docker context export one - | tar tf - | wc -l
docker context import six one.dockercontext
docker context import six one.dockercontext
docker context import seven nosuch.file
docker context rm six
docker context rm six
docker context rm -f six
docker context rm default
docker context use nosuch
docker context use two
docker context show
docker context use default
DOCKER_HOST= docker context use two
DOCKER_HOST= docker context ls
DOCKER_HOST= docker ps
DOCKER_HOST= docker context rm two
DOCKER_HOST= docker context rm -f two
DOCKER_HOST= DOCKER_CONTEXT=one docker context show
DOCKER_HOST= docker --context one context ls --format '{{.Name}} {{.Current}}'
docker --context one context show
docker -c two ps 2>&1 | sed 's/open .*//'

== forms-of-registries
docker login -u me -p secret localhost:1 2>&1 | sed 's/dial.*//'
echo secret | docker login -u me --password-stdin localhost:1 2>&1 | sed 's/dial.*//'
docker login -u me localhost:1 </dev/null
docker login localhost:1 </dev/null
docker logout localhost:1
mkdir -p .docker; printf '{"auths": {"localhost:1": {"auth": "bWU6c2VjcmV0"}}}' > .docker/config.json; docker logout localhost:1; cat .docker/config.json
docker logout
docker pull localhost:1/nosuch 2>&1 | sed 's/dial.*//'
docker pull -q localhost:1/nosuch 2>&1 | sed 's/dial.*//'
docker pull localhost:1/nosuch:tag@sha256:0123 2>&1
docker pull localhost:1/UPPER
docker pull scratch
docker push localhost:1/nosuch
docker push -a localhost:1/nosuch
docker push busybox@sha256:0123456789012345678901234567890123456789012345678901234567890123
docker tag busybox localhost:1/mine; docker push localhost:1/mine 2>&1 | sed 's/dial.*//; s/Preparing/Waiting/' | grep -v Waiting
docker search localhost:1/nosuch 2>&1 | sed 's/dial.*//'
docker search --limit 500 nosuch 2>&1 | sed 's/dial.*//'
docker search --filter nosuch=x x
docker manifest rm nosuch
docker manifest inspect localhost:1/nosuch 2>&1 | tail -1 | sed 's/dial.*//'
docker manifest push nosuch
docker manifest annotate nosuch busybox --os linux
docker create --pull always localhost:1/nosuch 2>&1 | sed 's/dial.*//'
docker run --pull never localhost:1/nosuch
docker run localhost:1/nosuch 2>&1 | sed 's/dial.*//'

== forms-of-events
date +%s.%N > t0; docker create --name box --label k=v busybox true >/dev/null; docker start -a box; docker rm box >/dev/null
happened --filter container=box --filter event=create
happened --filter container=box --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Status}} {{.From}}'
happened --filter container=box --filter event=die --format '{{json .}}' | shape -t
happened --filter container=box --filter event=die --format json | shape -t
happened --filter label=k --filter event=die --format '{{index .Actor.Attributes "exitCode"}}'
happened --filter type=image
happened --filter nosuch=x
happened --format '{{.Nosuch}}' --filter event=die
happened --format '{{.Nosuch'
docker events --since 1h --until 1s --filter container=nosuch
docker events --since 2000-01-01T00:00:00 --until 2000-01-02 --filter type=container
docker events --since nonsense --until 1s
docker volume create v >/dev/null; docker volume rm v >/dev/null; happened --filter type=volume | sed 's/.*volume/volume/'
docker network create n >/dev/null; docker network rm n >/dev/null; happened --filter type=network --filter event=create --format '{{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.type}}'

== forms-of-system
docker system prune -f
docker system prune -f --volumes
docker system prune -af --filter label=none
docker system prune --filter nosuch=x -f
docker system prune </dev/null
docker system prune -a </dev/null
docker system prune --volumes </dev/null
docker system prune --filter label=a --filter label!=b </dev/null
docker image prune </dev/null
docker image prune -a </dev/null
docker image prune -a --filter label=a </dev/null
docker network prune </dev/null
docker volume prune </dev/null
docker volume prune -a </dev/null
docker volume prune --filter all=1 </dev/null
docker container prune --filter until=1h </dev/null
docker builder prune </dev/null
docker builder prune -f
docker builder prune -af --filter until=1h
docker builder prune -f --keep-storage 1gb
echo y | docker network prune
docker stats --no-stream
docker stats --no-stream nosuch
docker stats --no-stream --format '{{.Nosuch}}'
docker stats --no-stream --format json
docker stats -a --no-stream --format '{{.Name}}'
docker run -d --name live busybox sleep 100 >/dev/null; docker stats --no-stream --format 'table {{.Name}}\t{{.PIDs}}'
docker stats --no-stream | head -1
docker stats --no-stream --no-trunc --format '{{.ID}} {{.Container}}'
docker stats --no-stream --format json | shape -t
docker stop -t 0 -s KILL live; docker stats -a --no-stream --format '{{.Name}} {{.PIDs}} {{.CPUPerc}} {{.MemUsage}} {{.NetIO}} {{.BlockIO}}'
docker kill live
docker kill live nosuch
docker start live nosuch live
docker top live | sed 's/root .*:/root/'
docker top nosuch
docker wait nosuch live & sleep 0.2; docker kill live >/dev/null; wait
docker rm -f live nosuch
docker rm -fv nosuch

== forms-left
docker context remove nosuch
docker volume create one; docker volume remove one nosuch
docker image push localhost:1/nosuch
docker image pull localhost:1/UPPER
docker image pull -q localhost:1/nosuch 2>&1 | sed 's/dial.*//'
docker network create 'two words' && docker network remove 'two words'
