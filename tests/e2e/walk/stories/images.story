# Images: names, lists, archives and their removal.

== image-names
docker tag busybox mine
docker tag busybox mine:v1
docker tag busybox registry.example.org:5000/team/app:v1
docker images --format '{{.Repository}}:{{.Tag}}' | sort
docker tag nosuch x
docker tag busybox UPPER
docker tag busybox mine:
docker tag busybox 'mine:bad tag'
docker tag busybox 0123456789012345678901234567890123456789012345678901234567890123
docker tag busybox mine@sha256:0123456789012345678901234567890123456789012345678901234567890123
docker image inspect -f '{{json .RepoTags}}' mine
docker image inspect -f '{{.Id}}' docker.io/library/busybox index.docker.io/library/busybox:latest
docker run --rm $(docker images -q --no-trunc busybox | cut -c1-20) echo by prefix
docker run --rm $(docker images -q busybox) echo by id
docker inspect nosuch
docker image inspect nosuch
docker inspect --type image nosuch
docker inspect --type container busybox
docker inspect --type nonsense busybox

== image-list
docker tag busybox mine:v1; docker tag busybox mine:v2; docker tag busybox other:v1
docker images | head -1
docker images --format '{{.Repository}}:{{.Tag}}' | sort
docker images mine --format '{{.Tag}}' | sort
docker images mine:v1 --format '{{.Tag}}' | sort
docker images 'm*' --format '{{.Repository}}:{{.Tag}}' | sort
docker images nosuch
docker images -q | sort | uniq | wc -l
docker images --no-trunc -q | sort -u
docker images --digests --format '{{.Digest}}' | sort -u
docker images --filter reference='mine:*' --format '{{.Tag}}' | sort
docker images --filter reference='*:v1' --format '{{.Repository}}' | sort
docker images --filter dangling=true
docker images --filter dangling=false --format '{{.Repository}}:{{.Tag}}' | sort
docker images --filter nosuch=x
docker images --filter dangling=nonsense
docker images --filter before=nosuch
docker import -c 'LABEL color=red' - labelled < /dev/null; tar cf - -T /dev/null | docker import -c 'LABEL color=red' - labelled | cut -c1-7
docker images --filter label=color=red --format '{{.Repository}}' | sort
docker images --filter label=color --format '{{.Repository}}' | sort
docker images --filter label=color=blue --format '{{.Repository}}' | sort
docker images --filter since=busybox --format '{{.Repository}}' | sort
docker images --filter before=labelled --format '{{.Repository}}:{{.Tag}}' | grep -v none | sort
docker images --format '{{json .}}' labelled | shape -t
docker images --format '{{.Size}}' labelled
docker images --filter until=1h --format '{{.Repository}}' labelled | sort

== image-inspect
docker image inspect busybox | shape
docker image inspect -f '{{.Size}}' busybox | awk '{print ($1 > 1000000)}'
docker image inspect -f '{{.Os}} {{.Architecture}} {{.Created}}' busybox
docker image inspect -f '{{.NoSuch}}' busybox
docker image inspect busybox nosuch | shape | grep RepoTags
docker history busybox --format '{{.ID}}|{{.CreatedBy}}|{{.Comment}}'
docker history -q busybox
docker history busybox | head -1
docker history --no-trunc -q busybox
docker history nosuch
docker history -H=false --format '{{.CreatedAt}}' busybox

== image-remove
docker tag busybox mine:v1; docker tag busybox mine:v2
docker rmi mine:v1
docker rmi mine:v1
docker rmi nosuch
docker rmi -f nosuch
docker rmi mine:v2 nosuch
printf x > x; tar cf x.tar x; docker import x.tar solo | cut -c1-7
docker rmi solo
docker import x.tar solo:a | cut -c1-7; docker tag solo:a solo:b; docker rmi $(docker images -q solo:a)
docker rmi -f $(docker images -q solo:a)
docker import -c 'CMD ["x"]' x.tar used >/dev/null; docker create --name box used >/dev/null; docker rmi used
docker rmi $(docker images -q used)
docker rmi -f used
docker ps -a --filter name=box --format '{{.Image}}'
docker inspect -f '{{.Config.Image}}' box; docker rm box
docker run -d --name live busybox sleep 100 >/dev/null; docker rmi busybox
docker tag busybox again; docker rmi busybox; docker tag again busybox
docker rmi -f $(docker images -q busybox)
docker images --format '{{.Repository}}:{{.Tag}}' | sort
docker image prune -f
docker import x.tar >/dev/null; docker images --filter dangling=true -q | wc -l; docker image prune -f
docker images --filter dangling=true -q | wc -l
docker import x.tar tagged >/dev/null; docker image prune -af --filter until=1h; docker image prune -af --filter label=x
docker image prune -f --filter nosuch=x
docker image rm

== image-children
docker run --name box busybox touch /x; docker commit box child >/dev/null; docker run --name box2 child touch /y; docker commit box2 grandchild >/dev/null; docker rm box box2
docker rmi child
docker tag grandchild g2; docker rmi grandchild
docker images --format '{{.Repository}}' | sort
docker history g2 --format '{{.CreatedBy}}|{{.Size}}' | sed 's/sh -c.*|/x|/'
docker rmi g2
docker run --name box busybox touch /x; docker commit box child >/dev/null; docker commit box child2 >/dev/null; docker rm box; docker rmi child child2 | sed 's/ .*//' | sort | uniq -c

== save-load
docker tag busybox mine:v1; docker save -o image.tar mine:v1; tar tf image.tar | grep -cE 'manifest.json|index.json|oci-layout|repositories'
tar xOf image.tar manifest.json | shape | sed 's/=".*\.tar"/=<layer>/; s/="blobs.*/=<blob>/'
tar xOf image.tar repositories | shape
tar xOf image.tar index.json | shape | sed 's/size=.*/size=<n>/'
docker rmi mine:v1; docker load -i image.tar
docker load -q -i image.tar
docker load < image.tar
gzip -k image.tar; docker load -i image.tar.gz
xz -0 -k image.tar; docker load -i image.tar.xz
bzip2 -1 -k image.tar; docker load -i image.tar.bz2
zstd -q image.tar -o image.tar.zst; docker load -i image.tar.zst
docker run --rm mine:v1 echo loaded
docker save busybox mine:v1 | tar xOf - manifest.json | shape | grep RepoTags
docker save $(docker images -q busybox) | tar xOf - manifest.json | shape | grep RepoTags
docker save nosuch
docker save
docker load -i nosuch.tar
echo garbage | docker load
tar cf - image.tar | docker load
docker load </dev/null
docker save busybox > a.tar; docker save busybox > b.tar; cmp a.tar b.tar && echo stable
docker run --name box busybox touch /x; docker commit box two >/dev/null; docker save two > two.tar; docker rm box >/dev/null; docker rmi two >/dev/null; docker load -i two.tar; docker run --rm two ls /x
docker inspect -f '{{len .RootFS.Layers}}' two
docker save -o /nosuch/dir/x busybox
skopeo copy -q docker-archive:image.tar oci:layout:mine && tar -C layout -cf layout.tar . && docker load -i layout.tar
