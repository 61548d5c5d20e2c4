# cp, diff, export, import and commit: a container's files, in and out.

== cp-out
docker create --name box busybox >/dev/null
docker cp box:/etc/passwd passwd; cat passwd
docker cp -q box:/etc/group renamed; cat renamed
mkdir d; docker cp box:/etc/passwd d/; ls d
docker cp box:/etc d/; ls d/etc
docker cp box:/etc new; ls new
docker cp box:/etc/. merged; ls merged
docker cp box:/etc/passwd - | tar tvf - | tr -s ' '
docker cp box:/etc - | tar tf - | sort
docker cp box:/nosuch x
docker cp box:/etc/passwd/nosuch x
docker cp nosuch:/etc/passwd x
docker cp box:/etc/passwd nosuchdir/x
docker cp box:/etc passwd
docker cp box:/bin/sh link; test -L link && readlink link
docker cp -L box:/bin/sh followed; head -c 4 followed | od -c | head -1
docker cp box:etc/passwd relative; wc -l < relative
docker cp box:/home/guest g; ls -ldn g | tr -s ' ' | cut -d' ' -f1,3,4
docker cp -a box:/home/guest ga; ls -ldn ga | tr -s ' ' | cut -d' ' -f1,3,4
docker run --name tmp --tmpfs /t busybox sh -c 'echo x > /t/f'; docker cp tmp:/t/f x
docker run -d --name live --tmpfs /t busybox sh -c 'echo lives > /t/f; echo file > /f; sleep 100' >/dev/null; eventually docker exec live test -e /f; docker cp live:/f f; cat f
docker cp live:/proc/1/comm comm; cat comm
docker cp live:/dev/null null; ls -l null | cut -c1
mkdir vol; echo on the host > vol/f; docker create --name bound -v $PWD/vol:/vol busybox >/dev/null; docker cp bound:/vol/f out; cat out
docker cp box:/ - | tar tf - | grep -c '^bin/'
docker cp box:/etc/../etc/passwd dots; wc -l < dots
docker cp box:/../../etc/passwd above; wc -l < above

== cp-in
echo text > file; mkdir -p dir/sub; echo inner > dir/sub/inner; ln -s file link; docker create --name box busybox >/dev/null
docker cp file box:/tmp; docker cp box:/tmp/file - | tar xOf -
docker cp file box:/tmp/renamed; docker cp box:/tmp/renamed - | tar xOf -
docker cp dir box:/tmp; docker cp box:/tmp/dir - | tar tf - | sort
docker cp dir/. box:/root; docker cp box:/root - | tar tf - | sort
docker cp dir box:/made; docker cp box:/made - | tar tf - | sort
docker cp file box:/nosuch/dir/
docker cp file box:/nosuch/file
docker cp dir box:/etc/passwd
docker cp file box:/etc/passwd/
docker cp nosuch box:/tmp
docker cp file nosuch:/tmp
docker cp link box:/tmp; docker cp box:/tmp/link - | tar tvf - | tr -s ' ' | cut -d' ' -f1,6-
docker cp -L link box:/tmp/followed; docker cp box:/tmp/followed - | tar xOf -
tar cf - file dir | docker cp - box:/home; docker cp box:/home - | tar tf - | sort
echo garbage | docker cp - box:/home
tar cf - file | docker cp - box:/etc/passwd
tar cf - file | docker cp - box:/nosuch
chmod 640 file; docker cp file box:/tmp/mode; docker cp box:/tmp/mode - | tar tvf - | cut -c1-10
docker cp -a file box:/tmp/owned; docker cp box:/tmp/owned - | tar --numeric-owner -tvf - | tr -s ' ' | cut -d' ' -f2
docker run -d --name live --read-only busybox sleep 100 >/dev/null; docker cp file live:/tmp
docker run -d --name rw busybox sleep 100 >/dev/null; docker cp file rw:/tmp; docker exec rw cat /tmp/file
mkdir vol; docker run -d --name bound -v $PWD/vol:/vol busybox sleep 100 >/dev/null; docker cp file bound:/vol; cat vol/file
docker create --name rov -v $PWD/vol:/vol:ro busybox >/dev/null; docker cp file rov:/vol
docker exec rw ln -s /etc /tmp/away; docker cp file rw:/tmp/away; docker exec rw cat /etc/file
docker exec rw ln -s ../../../../../outside /tmp/out; docker cp file rw:/tmp/out; docker exec rw cat /outside; test ! -e /outside && echo inside
docker cp box:/a rw:/b
docker cp file file2

== diff
docker create --name still busybox >/dev/null; docker diff still
docker run --name box busybox sh -c 'echo x > /new; rm /etc/group; echo y >> /etc/passwd; mkdir -p /d/e; rm -r /var; chmod 700 /home'
docker diff box | sort -k2
docker run --name mounts --tmpfs /t -v $PWD:/data busybox sh -c 'touch /t/x /data/x'; docker diff mounts | sort -k2
docker run --name again busybox sh -c 'rm -r /home; mkdir /home; touch /home/f'; docker diff again | sort -k2
docker run --name nothing busybox true; docker diff nothing
docker run --name moved busybox mv /bin/vi /bin/moved; docker diff moved | sort -k2
docker run -d --name live busybox sh -c 'touch /x; sleep 100' >/dev/null; eventually sh -c 'docker diff live | grep "A /x"'
docker diff nosuch

== export-import
docker run --name box busybox sh -c 'echo kept > /kept; rm /etc/group; ln -s kept /soft; ln /kept /hard; mkfifo /pipe; chmod 4755 /kept'
docker export box > box.tar; tar tf box.tar | grep -vE '^bin/.' | sort
tar tvf box.tar kept soft hard pipe | tr -s ' ' | cut -d' ' -f1,2,3,6-
docker export -o out.tar box; tar tf out.tar | grep -c bin/
docker export nosuch
docker export -o nosuchdir/x box
docker import box.tar mine:one | cut -c1-7
docker run --rm mine:one cat /kept
docker run --rm mine:one
docker import - < box.tar | cut -c1-7
cat box.tar | docker import -c 'CMD ["cat","/kept"]' -c 'ENV A=1' -c 'WORKDIR /tmp' -c 'USER guest' -c 'EXPOSE 80' -c 'LABEL x=y' -c 'ENTRYPOINT ["sh","-c"]' -m note - mine:two | cut -c1-7
docker inspect -f '{{json .Config.Cmd}} {{json .Config.Env}} {{.Config.WorkingDir}} {{.Config.User}} {{json .Config.ExposedPorts}} {{json .Config.Labels}} {{json .Config.Entrypoint}} {{.Comment}}' mine:two
docker history --no-trunc --format '{{.CreatedBy}}|{{.Comment}}' mine:two
echo garbage | docker import - bad
docker import nosuch.tar bad
docker import -c 'RUN x' box.tar bad
docker import box.tar BAD:tag
gzip -k box.tar; docker import box.tar.gz mine:gz | cut -c1-7; docker run --rm mine:gz cat /kept
xz -0 -k box.tar; docker import box.tar.xz mine:xz | cut -c1-7; docker run --rm mine:xz cat /kept
bzip2 -1 -k box.tar; docker import box.tar.bz2 mine:bz | cut -c1-7; docker run --rm mine:bz cat /kept
docker import --platform linux/arm64 box.tar mine:arm | cut -c1-7; docker inspect -f '{{.Os}}/{{.Architecture}}' mine:arm

== commit
docker run --name box -e A=1 busybox sh -c 'echo kept > /kept; rm /etc/group; mkdir /opq; rm -r /var; mkdir /var; touch /var/new'
docker commit box mine:one | cut -c1-7
docker run --rm mine:one sh -c 'cat /kept; ls /etc/group; ls /var; echo $A'
docker inspect -f '{{len .RootFS.Layers}} {{json .Config.Cmd}}' mine:one
docker commit -a 'An Author' -m 'a message' -c 'CMD ["cat","/kept"]' -c 'ENV B=2' box mine:two | cut -c1-7
docker run --rm mine:two
docker inspect -f '{{.Author}}|{{.Comment}}|{{json .Config.Env}}' mine:two
docker history --format '{{.CreatedBy}}|{{.Comment}}' mine:two
docker commit box | cut -c1-7
docker commit nosuch x
docker commit box BAD
docker commit box mine:one:two
docker commit -c 'NOSUCH x' box bad
docker run -d --name live busybox sh -c 'echo x > /f; sleep 100' >/dev/null; eventually docker exec live test -s /f; docker commit live mine:live | cut -c1-7; docker run --rm mine:live cat /f
docker commit --pause=false live mine:live | cut -c1-7
docker inspect -f '{{.State.Status}}' live
docker run --name second mine:one sh -c 'echo more > /more'; docker commit second mine:three >/dev/null; docker run --rm mine:three sh -c 'cat /kept /more; ls /etc/group /var'; docker inspect -f '{{len .RootFS.Layers}}' mine:three
docker inspect -f '{{.Config.Image}}' mine:three
