# --mount, --tmpfs, and what binds propagate.

== mount-syntax
mkdir -p data; echo content > data/file
docker run --rm --mount type=bind,source=$PWD/data,target=/x busybox cat /x/file
docker run --rm --mount type=bind,src=$PWD/data,destination=/x,ro busybox touch /x/y
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,readonly=false busybox ls /x
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,readonly=maybe busybox ls /x
docker run --rm --mount type=nosuch,src=$PWD/data,dst=/x busybox true
docker run --rm --mount type=bind,src=relative,dst=/x busybox true
docker run --rm --mount type=bind,src=$PWD/data busybox true
docker run --rm --mount type=bind,src=$PWD/data,dst=relative busybox true
docker run --rm --mount type=bind,src=$PWD/data,dst=/ busybox true
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,volume-nocopy busybox true
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,tmpfs-size=1 busybox true
docker run --rm --mount type=volume,src=v,dst=/x,bind-propagation=shared busybox true
docker run --rm --mount type=tmpfs,src=v,dst=/x busybox true
docker run --rm --mount type=tmpfs,dst=/x,bind-propagation=shared busybox true
docker run --rm --mount type=tmpfs,dst=/x,volume-nocopy busybox true
docker run --rm --mount nonsense busybox true
docker run --rm --mount '' busybox true
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,nosuch=1 busybox true
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,nosuch busybox true
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,bind-propagation=nosuch busybox true
docker run --rm --mount type=bind,src=$PWD/data,dst=/x --mount type=bind,src=$PWD/data,dst=/x busybox true
docker run --rm --mount type=bind,src=$PWD/data,dst=/x --tmpfs /x busybox true
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,consistency=cached busybox true && echo fine
docker run --rm --mount type=npipe,src=x,dst=/x busybox true
docker run --rm --mount type=cluster,src=x,dst=/x busybox true

== mount-recursion
mkdir -p data; echo content > data/file
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,bind-nonrecursive busybox ls /x
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,bind-recursive=disabled busybox ls /x
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,bind-recursive=enabled busybox ls /x
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,bind-recursive=writable,readonly busybox touch /x/y
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,bind-recursive=writable busybox touch /x/y
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,bind-recursive=readonly,readonly busybox touch /x/y
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,bind-recursive=readonly,readonly,bind-propagation=rprivate busybox touch /x/y
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,bind-recursive=readonly busybox touch /x/y
docker run --rm --mount type=bind,src=$PWD/data,dst=/x,bind-recursive=nosuch busybox true
docker create --name box --mount type=bind,src=$PWD/data,dst=/x,bind-recursive=disabled,readonly,bind-propagation=rslave busybox >/dev/null; docker inspect -f '{{json .HostConfig.Mounts}} {{json .Mounts}}' box
docker run --rm -v /proc/sys:/host:ro busybox sh -c 'grep -c " /host" /proc/mounts; grep " /host" /proc/mounts | cut -d" " -f4 | cut -d, -f1 | sort -u'
docker run --rm -v /dev:/host:ro busybox sh -c 'grep " /host" /proc/mounts | cut -d" " -f4 | cut -d, -f1 | sort -u'
docker run --rm --mount type=bind,src=/dev,dst=/host,readonly,bind-recursive=writable busybox sh -c 'grep " /host" /proc/mounts | cut -d" " -f4 | cut -d, -f1 | sort -u'
docker run --rm --mount type=bind,src=/dev,dst=/host,bind-recursive=disabled busybox sh -c 'grep -c " /host" /proc/mounts'
DOCKER_API_VERSION=1.43 docker run --rm -v /dev:/host:ro busybox sh -c 'grep " /host" /proc/mounts | cut -d" " -f4 | cut -d, -f1 | sort -u'
DOCKER_API_VERSION=1.43 docker run --rm --mount type=bind,src=/dev,dst=/host,readonly busybox sh -c 'grep " /host" /proc/mounts | cut -d" " -f4 | cut -d, -f1 | sort -u'
DOCKER_API_VERSION=1.43 docker run --rm --mount type=bind,src=/dev,dst=/host,readonly,bind-propagation=rprivate busybox sh -c 'grep " /host" /proc/mounts | cut -d" " -f4 | cut -d, -f1 | sort -u'
DOCKER_API_VERSION=1.43 docker run --rm --mount type=bind,src=/dev,dst=/host,readonly,bind-propagation=rprivate,bind-recursive=readonly busybox sh -c 'grep " /host" /proc/mounts | cut -d" " -f4 | cut -d, -f1 | sort -u'
docker run --rm --mount type=bind,src=/dev,dst=/host,bind-recursive=readonly,readonly,bind-propagation=rprivate busybox sh -c 'grep " /host" /proc/mounts | cut -d" " -f4 | cut -d, -f1 | sort -u'
docker create --mount type=bind,src=/dev,dst=/host,bind-recursive=readonly,readonly,bind-propagation=rslave busybox true
docker run --rm --mount type=image,src=busybox,dst=/x busybox true
docker run --rm --mount type=bind,src=/dev,dst=/host,bind-nonrecursive,readonly busybox sh -c 'grep " /host" /proc/mounts | cut -d" " -f4 | cut -d, -f1 | sort -u'

== bind-sources
mkdir -p data; echo content > data/file; ln -s nowhere dangling; ln -s data link
docker run --rm -v $PWD/link:/x busybox cat /x/file
docker run --rm -v $PWD/dangling:/x busybox true
docker run --rm -v $PWD/data/file/below:/x busybox true
docker run --rm -v $PWD/data:/etc/passwd busybox true
docker run --rm -v $PWD/data/file:/etc busybox true
docker run --rm -v $PWD/data/file:/etc/newfile busybox cat /etc/newfile
docker run --rm -v $PWD/data/../data/./:/y/../x/ busybox cat /x/file
docker run --rm -v $PWD/data:/x:z busybox cat /x/file; docker run --rm -v $PWD/data:/x:Z,ro busybox touch /x/y
docker run --rm -v $PWD/data:/x:nocopy busybox true
docker run --rm -v $PWD/data:/x:cached busybox true && echo fine
docker run --rm -v "$PWD/with space:/x y" busybox ls -d '/x y'; ls
docker run --rm -v $PWD/data:/proc busybox true
docker run --rm -v $PWD/data:/proc/sys busybox true
docker run --rm -v $PWD/data:/sys busybox ls /sys
docker run --rm -v $PWD/data:/dev busybox true; ls data
docker run --rm -v $PWD/data:/dev/shm busybox ls /dev/shm
docker run --rm -v $PWD/data/file:/etc/hosts busybox cat /etc/hosts
docker run --rm -v $PWD/data/file:/etc/resolv.conf:ro busybox cat /etc/resolv.conf
docker create --name gone -v $PWD/later:/x busybox ls -d /x >/dev/null; ls -d later; docker start -a gone; ls -d later
docker create --name gone2 --mount type=bind,src=$PWD/data,dst=/x busybox >/dev/null; mv data moved; docker start gone2; docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' gone2; mv moved data

== tmpfs-mounts
docker run --rm --tmpfs /t busybox sh -c 'stat -c %a /t; grep " /t " /proc/mounts | cut -d" " -f3,4 | sed "s/,inode64//"'
docker run --rm --tmpfs /t:rw,noexec,nosuid,size=65536k busybox sh -c 'grep " /t " /proc/mounts | cut -d" " -f4 | sed "s/,inode64//"'
docker run --rm --tmpfs /t:exec,suid,dev busybox sh -c 'grep " /t " /proc/mounts | cut -d" " -f4 | sed "s/,inode64//"'
docker run --rm --tmpfs /t:uid=1000,gid=6,mode=700 busybox stat -c '%a %u:%g' /t
docker run --rm --tmpfs /t:size=abc busybox true
docker run --rm --tmpfs /t:mode=xyz busybox true
docker run --rm --tmpfs /t:size=50% busybox true && echo fine
docker run --rm --tmpfs /tmp busybox stat -c %a /tmp
docker run --rm --tmpfs / busybox true
docker run --rm --tmpfs '' busybox true
docker run --rm --tmpfs /a --tmpfs /b busybox sh -c 'grep -c -E " /[ab] tmpfs" /proc/mounts'
docker run --rm --mount type=tmpfs,dst=/t busybox sh -c 'stat -c %a /t; grep " /t " /proc/mounts | cut -d" " -f3,4 | sed "s/,inode64//"'
docker run --rm --mount type=tmpfs,dst=/t,readonly busybox touch /t/x
docker run --rm --mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1777 busybox sh -c 'stat -c %a /t; df -k /t | tail -1 | tr -s " " | cut -d" " -f2'
docker run --rm --mount type=tmpfs,dst=/t,tmpfs-mode=0755 busybox stat -c %a /t
docker run --rm --mount type=tmpfs,dst=/t,tmpfs-size=abc busybox true
docker run --rm --mount type=tmpfs,dst=/t,tmpfs-mode=9 busybox true
docker run --rm --mount type=tmpfs,dst=/t,tmpfs-size=-1 busybox true
docker run --rm --mount type=tmpfs busybox true
docker create --name box --tmpfs /a:size=1m --mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=0700 busybox >/dev/null; docker inspect -f '{{json .HostConfig.Tmpfs}} {{json .HostConfig.Mounts}} {{json .Mounts}}' box

== more-mounts
mkdir b
docker run --rm --tmpfs /a:size=1m,nosuch busybox true
docker run --rm --tmpfs /a:ro busybox touch /a/x
docker run --rm --tmpfs relative busybox true
docker run --rm -v $PWD/b:relative busybox true
docker run --rm -v relative/path:/x busybox true
docker run --rm -v ./b:/x busybox ls -d /x
docker run --rm --mount type=bind,src=./b,dst=/x busybox ls -d /x
docker run --rm --mount type=volume,src=../bad,dst=/x busybox true
docker run --rm -v x:/x:ro,z,nocopy busybox touch /x/y
docker run --rm -v /:/host:ro busybox sh -c 'touch /host/tmp/x; ls -d /host/etc'
docker run --rm --read-only -v w:/w --tmpfs /t busybox sh -c 'touch /w/x /t/x && echo ok; touch /y'
docker create --name w1 -v wv:/w busybox sh -c 'echo 1 > /w/f' >/dev/null; docker cp w1:/w - | tar t; docker start -a w1; docker cp w1:/w/f - | tar xO; docker export w1 | tar t | grep '^w/'
docker diff w1
docker run --name dd -v dv:/etc busybox sh -c 'touch /etc/new'; docker diff dd; docker commit dd img2 >/dev/null; docker run --rm img2 ls /etc/new
