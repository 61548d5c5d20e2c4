# docker volume, and volumes of containers.

== volume-commands
docker volume create one
docker volume create one
docker volume create --label a=1 --label b two
docker volume create | wc -c
docker volume create --name old; docker volume create --name x y
docker volume create x
docker volume create bad/name
docker volume create -- -dash
docker volume create --driver nosuch three
docker volume ls --format '{{.Name}} {{.Driver}} {{.Scope}} {{.Label "a"}}' | grep -v -E '^[0-9a-f<]' | sort
docker volume ls -q -f name=o | sort
docker volume ls -q -f label=a; docker volume ls -q -f label=a=2; docker volume ls -q -f label=b
docker volume ls -q -f driver=local -f name=two; docker volume ls -q -f driver=nosuch
docker volume ls -q -f dangling=true | grep -E 'one|two' | sort; docker volume ls -q -f dangling=false
docker volume ls -q -f dangling=maybe
docker volume ls -q -f nosuch=1
docker volume ls -f dangling=1 -f dangling=0
docker volume inspect two
docker volume inspect one | shape
docker volume inspect -f '{{.Mountpoint}} {{json .Options}} {{json .Labels}}' one
docker volume inspect nosuch
docker volume inspect nosuch one -f '{{.Name}}'
docker volume rm nosuch
docker volume rm -f nosuch
docker volume rm one old
docker volume rm one two
docker volume update two
docker volume update --availability drain two
docker volume create --scope cluster three
docker volume create --group g three
docker volume

== volume-prune
docker volume create named; docker volume create --label keep=1 other
docker run -v /anon busybox true; docker run --rm -v /anon2 busybox true
docker volume ls -q | wc -l
docker volume prune -f | sed 's/^[0-9a-f<].*/ID/'
docker rm $(docker ps -aq) | wc -l
docker volume prune -f --filter nosuch=1
docker volume prune -f | sed 's/^[0-9a-f<].*/ID/'
docker volume prune -f --filter all=maybe
docker volume prune -f --filter all=1 --filter 'label!=keep' | sed 's/^[0-9a-f<].*/ID/'
docker volume ls -q
DOCKER_API_VERSION=1.41 docker volume prune -f
docker volume create full; docker run --rm -v full:/d busybox sh -c 'head -c 12345 /dev/zero > /d/x'
docker volume prune -af
docker system df -v --format '{{json .Volumes}}'

== volume-use
docker run --rm -v data:/data busybox sh -c 'echo one > /data/x'; docker run --rm -v data:/data:ro busybox cat /data/x
docker run --rm -v data:/data:ro busybox touch /data/y
docker run --rm --mount type=volume,src=data,dst=/data,readonly busybox touch /data/y
docker run --rm --mount src=data,dst=/data busybox cat /data/x
docker run --rm --mount src=data,dst=/data,volume-nocopy busybox cat /data/x
docker run --rm --mount type=volume,dst=/data busybox ls -d /data
docker run --rm --mount type=volume,dst=/data,readonly busybox true
docker run --rm --mount type=volume,src=lab,dst=/data,volume-label=a=b,volume-label=c busybox true; docker volume inspect -f '{{json .Labels}}' lab
docker create --pull never --mount type=volume,src=drv,dst=/data,volume-driver=nosuch busybox true
docker run --rm --mount type=volume,src=drv,dst=/data,volume-driver=local busybox true; docker volume inspect -f '{{.Driver}}' drv
docker run --rm --volume-driver local -v drv2:/x busybox true; docker volume inspect -f '{{.Driver}}' drv2
docker create --pull never --volume-driver nosuch -v drv3:/x busybox true
docker run --rm -v data:/data:nosuch busybox true
docker run --rm -v data:/data:ro,rw busybox true
docker run --rm -v data:/data:z busybox true && echo z; docker run --rm -v data:/data:ro,Z busybox true && echo Z
docker run --rm -v data:/data:consistent busybox true && echo c; docker run --rm -v data:/data:delegated,nocopy busybox true && echo d
docker run --rm -v data:/data:rslave busybox true
docker run --rm -v data:/data:cached,delegated busybox true
docker run --rm -v data:/ busybox true
docker run --rm -v a:/x -v b:/x busybox true
docker run --rm -v a:/x --tmpfs /x busybox true
docker run --rm -v one:/x -v two:/x busybox true
docker run --rm -v one:/x --tmpfs /x busybox true
docker run --rm -v one:/x --mount src=two,dst=/x busybox true
docker run --rm -v /x -v one:/x busybox true && echo fine
docker run --rm -v /tmp:/x:rro busybox true
docker run --rm -v /tmp:/x:ro-non-recursive busybox true
docker run --rm -v one:/x:volume-nocopy busybox true
docker run --rm -v x:/y:z:q busybox true
docker run --rm -v :/y busybox true
docker run --rm -v '' busybox true
docker create --name user -v data:/data -v /anon busybox true >/dev/null
docker volume rm data | sed s/x/x/
docker volume rm -f data
docker volume ls -q -f dangling=false | sed 's/^[0-9a-f<].*/ID/' | sort
docker inspect -f '{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.Driver}} {{.Mode}} {{.RW}} {{.Propagation}}{{"\n"}}{{end}}' user | sort -k 3
docker inspect -f '{{json .Config.Volumes}} {{json .HostConfig.Binds}} {{json .HostConfig.Mounts}}' user
docker volume inspect $(docker inspect -f '{{range .Mounts}}{{if eq .Destination "/anon"}}{{.Name}}{{end}}{{end}}' user) -f '{{json .Labels}} {{json .Options}}'
docker ps -a --filter volume=data --format '{{.Names}} {{.Mounts}}' | tr ', ' '\n\n' | grep -v -E '^[0-9a-f]{10}' | sort
docker ps -a --filter volume=/anon --format '{{.Names}} {{.LocalVolumes}}'
docker rm user; docker volume ls -q | grep -c -E '^[0-9a-f]{64}$'
docker create --name user -v data:/data -v /anon busybox true >/dev/null; docker rm -v user; docker volume ls -q | grep -c -E '^[0-9a-f]{64}$'; docker volume ls -q -f name=data

== volume-copy-up
docker run --rm -v up:/etc busybox sh -c 'ls -1 /etc | head -20; stat -c "%a %u:%g" /etc'
docker run --rm -v up:/e busybox ls /e
docker run --rm -v nocopy:/etc:nocopy busybox ls /etc
docker run --rm --mount type=volume,src=nocopy2,dst=/etc,volume-nocopy=true busybox ls /etc
docker run --rm -v guest:/home/guest busybox stat -c '%a %u:%g' /home/guest
docker run --rm -v tmp:/tmp busybox stat -c '%a %u:%g' /tmp
docker run --rm -v new:/not/there busybox stat -c '%a %u:%g' /not/there
docker run --rm -v file:/etc/passwd busybox true
docker run --rm -v one:/bin/busybox busybox true
docker run --rm -v sub:/root -v sub2:/root/deep busybox sh -c 'ls /root; touch /root/deep/x'; docker run --rm -v sub:/s -v sub2:/t busybox ls /s /t

== volumes-of-images
printf 'FROM busybox\n' >/dev/null; docker create --name base busybox >/dev/null; docker commit -c 'VOLUME /data' -c 'VOLUME ["/home/guest"]' base vols >/dev/null
docker create --name box vols true >/dev/null; docker inspect -f '{{range .Mounts}}{{.Type}} {{.Destination}} {{.Driver}} [{{.Mode}}] {{.RW}} [{{.Propagation}}]{{"\n"}}{{end}}' box | sort
docker inspect -f '{{json .Config.Volumes}} {{json .HostConfig.Binds}}' box
docker run --rm vols stat -c '%a %u:%g' /data /home/guest
docker run --rm -v named:/data vols sh -c 'echo x > /data/f'; docker run --rm -v named:/n busybox ls /n
docker run --rm --tmpfs /data vols grep -c ' /data tmpfs' /proc/mounts
docker volume ls -q | grep -c -E '^[0-9a-f]{64}$'
docker rm -v box; docker volume ls -q | grep -c -E '^[0-9a-f]{64}$'
docker rm base

== volumes-from
docker create --name data -v shared:/shared -v /anon -v $PWD/made:/bind:ro busybox true >/dev/null
docker run --rm --volumes-from data busybox sh -c 'echo 1 > /shared/a; echo 2 > /anon/b; ls -d /bind'
docker run --rm --volumes-from data:ro busybox sh -c 'cat /shared/a /anon/b; touch /shared/c'
docker run --rm --volumes-from data:rw busybox touch /bind/x
docker run --rm --volumes-from data:nosuch busybox true
docker run --rm --volumes-from data:nocopy busybox true
docker run --rm --volumes-from '' busybox true
docker run --rm --volumes-from nosuch busybox true
docker run -d --name one --volumes-from data busybox sleep 100 >/dev/null; docker run -d --name two --volumes-from data:ro busybox sleep 100 >/dev/null
docker exec one sh -c 'echo hello > /shared/hello'; docker exec two cat /shared/hello; docker exec two touch /shared/no
docker inspect -f '{{range .Mounts}}{{.Type}} {{.Destination}} {{.Mode}} {{.RW}} {{.Propagation}}{{"\n"}}{{end}}' two | sort
docker rm -v data; docker exec two cat /anon/b
docker run --rm --volumes-from one -v other:/shared busybox ls /shared
docker rm -f -v one; docker exec two cat /anon/b; docker rm -f -v two; docker volume ls -q | grep -c -E '^[0-9a-f]{64}$'
docker volume ls -q | sort

== volume-driver-options
docker volume create -o type=tmpfs -o device=tmpfs -o o=size=1m,uid=1000 mem; docker volume inspect -f '{{json .Options}} {{.Mountpoint}}' mem
docker run --rm -v mem:/m busybox sh -c 'stat -c "%u %a" /m; df -k /m | tail -1 | tr -s " " | cut -d" " -f2; echo x > /m/x; grep -c " /m tmpfs" /proc/mounts'
docker run --rm -v mem:/m busybox ls /m
docker run -d --name one -v mem:/m busybox sh -c 'echo shared > /m/f; sleep 100' >/dev/null; eventually docker exec one cat /m/f
docker run --rm -v mem:/m busybox cat /m/f; docker run --rm -v mem:/m:ro busybox touch /m/g
docker run -d --name two -v mem:/n busybox sleep 100 >/dev/null; docker rm -f one; docker exec two cat /n/f
docker cp two:/n/f - | tar xO
docker rm -f two; docker run --rm -v mem:/m busybox ls /m
docker run --rm -v mem:/etc busybox sh -c 'ls /etc | wc -l'
mkdir -p dir/sub; echo content > dir/f; docker volume create -o type=none -o o=bind -o device=$PWD/dir bound; docker volume inspect -f '{{json .Options}} {{.Mountpoint}}' bound
docker run --rm -v bound:/b busybox sh -c 'cat /b/f; echo new > /b/new'; cat dir/new
docker run --rm -v bound:/b:ro busybox touch /b/x
docker create --name cc -v bound:/b busybox >/dev/null; docker inspect -f '{{range .Mounts}}{{.Source}} {{.Destination}}{{end}}' cc; docker cp cc:/b/f - | tar xO; docker rm cc
docker volume rm bound; ls dir | sort
docker volume create -o o=bind,ro -o device=$PWD/dir -o type=none readonly; docker run --rm -v readonly:/b busybox touch /b/x
docker volume create -o type=none -o o=bind -o device=$PWD/nosuch absent; docker run --rm -v absent:/b busybox true
docker volume create -o type=tmpfs -o device=tmpfs -o o=nosuchoption=1 badopt; docker run --rm -v badopt:/b busybox true
docker volume create -o nosuch=1 bad
docker volume create -o type=tmpfs bad
docker volume create -o device=x bad
docker volume create -o o=size=1 bad
docker volume create -o size=10m bad
docker volume create -o size=abc bad
docker volume create -o type=tmpfs -o device=tmpfs mem2; docker volume create -o type=tmpfs -o device=other mem2
docker volume create mem2
docker volume create -o type=nfs -o o=addr=127.0.0.1,rw,nfsvers=4 -o device=:/export nfs; docker volume inspect -f '{{json .Options}}' nfs
docker run --rm -v nfs:/x busybox true
docker volume create -o type=nosuchfs -o device=x nofs; docker run --rm -v nofs:/x busybox true
docker volume create -o type=cifs -o o=addr=127.0.0.1,username=u,password=secret -o device=//127.0.0.1/x cifs; docker run --rm -v cifs:/x busybox true
docker volume create -o type=nfs -o o=addr=nosuch.invalid -o device=:/export nfs2; docker create -v nfs2:/x busybox 2>&1 | sed 's/on .*/on .../'
docker create --name vv --mount 'type=volume,src=opt,dst=/v,volume-opt=type=tmpfs,volume-opt=device=tmpfs,"volume-opt=o=size=2m,uid=5"' busybox >/dev/null; docker volume inspect -f '{{json .Options}}' opt; docker inspect -f '{{json .HostConfig.Mounts}}' vv
docker run --rm --mount 'type=volume,dst=/v,volume-opt=type=tmpfs,volume-opt=device=tmpfs' busybox grep -c ' /v tmpfs' /proc/mounts
docker volume ls -q -f dangling=true | sort

== volume-subpath
docker run --rm -v data:/data busybox sh -c 'mkdir -p /data/a/b; echo deep > /data/a/b/f; echo top > /data/f; ln -s / /data/root; ln -s ../.. /data/a/up; ln -s a/b /data/in; ln -s /a /data/abs'
docker run --rm --mount type=volume,src=data,dst=/v,volume-subpath=a/b busybox cat /v/f
docker run --rm --mount type=volume,src=data,dst=/v/x,volume-subpath=f busybox cat /v/x
docker run --rm --mount type=volume,src=data,dst=/v,volume-subpath=a/b,readonly busybox touch /v/x
docker run --rm --mount type=volume,src=data,dst=/v,volume-subpath=in busybox ls /v
docker run --rm --mount type=volume,src=data,dst=/v,volume-subpath=./a/../a busybox ls /v
docker run --rm --mount type=volume,src=data,dst=/v,volume-subpath=nosuch busybox ls /v
docker run --rm --mount type=volume,src=data,dst=/v,volume-subpath=../x busybox ls /v
docker run --rm --mount type=volume,src=data,dst=/v,volume-subpath=/a busybox ls /v
docker run --rm --mount type=volume,src=data,dst=/v,volume-subpath=a/../../x busybox ls /v
docker run --rm --mount type=volume,src=data,dst=/v,volume-subpath=root busybox ls /v
docker run --rm --mount type=volume,src=data,dst=/v,volume-subpath=root/etc busybox ls /v
docker run --rm --mount type=volume,src=data,dst=/v,volume-subpath=a/up busybox ls /v
docker run --rm --mount type=volume,dst=/v,volume-subpath=a busybox ls /v
docker run --rm --mount type=volume,src=newer,dst=/etc,volume-subpath=a busybox ls /etc
docker create --name sub --mount type=volume,src=data,dst=/v,volume-subpath=a busybox >/dev/null; docker inspect -f '{{range .Mounts}}{{.Source}} {{.Mode}} {{.RW}}{{end}} {{json .HostConfig.Mounts}}' sub
docker run --rm --volumes-from sub busybox ls /v
docker run --rm -v data:/data busybox rm -r /data/a; docker start sub; docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' sub
