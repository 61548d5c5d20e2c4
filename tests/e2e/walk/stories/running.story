# docker run: exit codes, streams, and the process that it starts.

== exit-codes
docker run --rm busybox sh -c 'exit 0'
docker run --rm busybox sh -c 'exit 1'
docker run --rm busybox sh -c 'exit 2'
docker run --rm busybox sh -c 'exit 3'
docker run --rm busybox sh -c 'exit 42'
docker run --rm busybox sh -c 'exit 64'
docker run --rm busybox sh -c 'exit 124'
docker run --rm busybox sh -c 'exit 125'
docker run --rm busybox sh -c 'exit 126'
docker run --rm busybox sh -c 'exit 127'
docker run --rm busybox sh -c 'exit 128'
docker run --rm busybox sh -c 'exit 130'
docker run --rm busybox sh -c 'exit 137'
docker run --rm busybox sh -c 'exit 143'
docker run --rm busybox sh -c 'exit 200'
docker run --rm busybox sh -c 'exit 254'
docker run --rm busybox sh -c 'exit 255'

== exit-by-signal
docker run --rm busybox sh -c 'kill -9 $$; sleep 5'; echo $?
docker run --rm busybox sh -c 'trap "exit 7" TERM; kill -TERM $$; sleep 1'
docker run --rm --init busybox sh -c 'kill -TERM $$'
docker run --rm --init busybox sh -c 'kill -SEGV $$'
docker run --name killed busybox sh -c 'sh -c "kill -9 \$\$"; exit $?'
docker inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}} {{.State.Status}}' killed

== missing-programs
docker run --rm busybox nosuchprogram
docker run --rm busybox /bin/nosuchprogram
docker run --rm busybox ./relative
docker run --rm busybox /etc/passwd
docker run --rm busybox /etc
docker run --rm --entrypoint nosuch busybox
docker run --rm --workdir /etc/passwd busybox true
docker run --rm --user nosuchuser busybox true
docker run --rm --user root:nosuchgroup busybox true
docker run --rm --user 99999999999 busybox true
docker run -d --name broken busybox nosuchprogram
docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' broken
docker start broken
docker rm broken
docker run --rm -e PATH=/nowhere busybox sh
docker run --rm -e PATH=/nowhere busybox /bin/echo found

== streams
docker run --rm busybox sh -c 'echo out; echo err >&2'
docker run --rm busybox sh -c 'echo err >&2' 2>/dev/null
echo hello | docker run -i --rm busybox cat
echo hello | docker run --rm busybox cat
docker run -i --rm busybox wc -c </dev/null
head -c 3000000 /dev/zero | docker run -i --rm busybox wc -c
docker run --rm busybox head -c 3000000 /dev/zero | wc -c
seq 100000 | docker run -i --rm busybox cat | md5sum
docker run --rm busybox sh -c 'seq 20000; seq 20000 >&2' 2>&1 | wc -lc
printf 'a\nb\n' | docker run -i --rm busybox sh -c 'while read x; do echo "<$x>"; done; echo end'
docker run --rm -a stdout busybox sh -c 'echo out; echo err >&2'
docker run --rm -a stderr busybox sh -c 'echo out; echo err >&2'
docker run --rm busybox sh -c 'exec >&-; exec 2>&-; sleep 0.2; exit 3'
docker run --rm busybox sh -c '(sleep 0.3; echo late) & echo early; wait'
docker run -d -a stdout busybox true
docker run -it --rm busybox true

== terminal
docker run -t --rm busybox sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo terminal'
docker run -t --rm busybox sh -c 'stty size; echo $TERM'
docker run -t --rm busybox sh -c 'echo out; echo err >&2' 2>/dev/null
docker run -t --rm busybox sh -c 'stat -c "%n %F %t:%T %U:%G" /dev/console; readlink /proc/self/fd/0'
script -qec 'docker run -it --rm busybox sh -c "tty; echo hi"' /dev/null </dev/null | tr -d '\r' | sed 's/\^@//' | grep .
script -qec 'stty cols 91 rows 33; docker run -it --rm busybox sh -c "until stty size | grep -v ^0; do sleep 0.1; done"' /dev/null </dev/null | tr -d '\r' | sed 's/\^@//' | grep .
docker run -td --name box busybox sh -c 'echo one; echo two >&2; sleep 0.1'
docker wait box
docker logs box

== detached
docker run -d --name box busybox sleep 100 | grep -cE '^[0-9a-f]{64}$'
docker run -d --name box busybox sleep 100
docker run -d --rm --name gone busybox true >/dev/null; eventually sh -c '! docker inspect gone >/dev/null 2>&1'
docker inspect gone
docker run --rm -d --name auto busybox sleep 100 >/dev/null; docker kill auto
eventually sh -c '! docker inspect auto >/dev/null 2>&1'; docker ps -aq --filter name=auto
docker run --cidfile cid --rm busybox true; wc -c < cid
docker run --cidfile cid --rm busybox true
docker run --rm --restart always busybox true
docker run --name box2 --rm busybox true; docker ps -aq --filter name=box2
docker run --detach --sig-proxy=false --name box3 busybox true >/dev/null; docker wait box3

== environment
docker run --rm --hostname h busybox env | sort
docker run --rm -e A=1 -e B=two -e EMPTY= busybox sh -c 'echo "$A $B ${EMPTY-unset}"'
HERE=inherited docker run --rm -e HERE -e NOTHERE busybox sh -c 'echo "$HERE ${NOTHERE-unset}"'
printf 'X=1\n# comment\nY=a b c\n' > envs; docker run --rm --env-file envs busybox sh -c 'echo "$X|$Y"'
docker run --rm --env-file missing busybox true
docker run --rm -e PATH=/bin busybox sh -c 'echo $PATH'
docker run --rm -t --hostname h busybox env | sort
docker run --rm -u guest busybox sh -c 'echo $HOME'
docker run --rm -u 4242 busybox sh -c 'echo $HOME'
docker run --rm -e HOME=/somewhere busybox sh -c 'echo $HOME'
docker run --rm -e =bad busybox true

== directory-and-entrypoint
docker run --rm busybox pwd
docker run --rm -w /tmp busybox pwd
docker run --rm -w /made/on/the/way busybox sh -c 'pwd; ls -ld . | cut -c1-10'
docker run --rm -w relative busybox pwd
docker run --rm --entrypoint echo busybox hello world
docker run --rm --entrypoint '' busybox echo cleared
docker run --rm --entrypoint /bin/sh busybox -c 'echo "$0 $@"' x y z
docker run --rm busybox echo 'quoted  spaces' '' "end"
docker run --rm --entrypoint '' busybox
docker inspect busybox -f '{{json .Config.Cmd}} {{json .Config.Entrypoint}}'
docker create --name box --entrypoint e busybox c1 c2 >/dev/null
docker inspect box -f '{{.Path}} {{json .Args}} {{json .Config.Cmd}} {{json .Config.Entrypoint}}'

== users
docker run --rm busybox id
docker run --rm -u guest busybox id
docker run --rm -u 1000 busybox id
docker run --rm -u 1000:1000 busybox id
docker run --rm -u guest:daemon busybox id
docker run --rm -u 4242 busybox id
docker run --rm -u 4242:4343 busybox id
docker run --rm -u :daemon busybox id
docker run --rm --group-add daemon --group-add 777 busybox id
docker run --rm -u guest --group-add disk busybox id
docker run --rm --group-add nosuch busybox id
docker run --rm -u guest busybox sh -c 'touch /x || echo denied; touch /tmp/x && echo allowed'
docker run --rm -u guest busybox grep -E '^(Cap|NoNew|Seccomp:|Groups)' /proc/self/status

== names
docker run --rm busybox hostname | grep -cE '^[0-9a-f]{12}$'
docker run --rm --hostname box busybox sh -c 'hostname; cat /etc/hostname; cat /proc/sys/kernel/hostname'
docker run --rm --hostname box --domainname example.org busybox sh -c 'hostname; cat /proc/sys/kernel/domainname'
docker run --rm --hostname box --network none busybox cat /etc/hosts
docker run --rm --hostname box --network host busybox sh -c 'cat /etc/hostname'
docker run --rm --add-host peer:10.1.2.3 --network none busybox grep peer /etc/hosts
docker run --rm --add-host peer busybox true
docker run --rm --network none --dns 9.9.9.9 --dns-search example.org --dns-option ndots:3 busybox cat /etc/resolv.conf
docker run --rm --hostname '-bad-' busybox true
docker run --rm --name 'bad name' busybox true
docker run --rm --name x busybox true
docker create --name _box busybox

== init
docker run --rm --init busybox sh -c 'echo $$ | grep -v "^1$" >/dev/null && echo not first'
docker run --rm busybox sh -c 'echo $$'
docker run --rm --init busybox sh -c '(sleep 0.1 & exit) ; sleep 0.5; ps -o pid,stat | grep -c Z'
docker run --rm --init busybox sh -c 'exit 9'
docker run -d --init --name box busybox sleep 100 >/dev/null; docker stop -t 5 box
docker inspect -f '{{.State.ExitCode}} {{.HostConfig.Init}}' box
