# docker run -p and -P in all their forms, docker port, and what takes a port that is taken.

== ports-forms
docker run -d --name all -p 8000-8002:8000-8002 -p 8100-8105:90 -p 8200:81/udp -p 127.0.0.1:8201:82 -p '[::1]:8202:83' -p '[::]:8203:84' -p 0.0.0.0:8204:85 --expose 86 --expose 87-88/udp busybox sleep 100 >/dev/null; docker port all
docker port all 8001; docker port all 81; docker port all 81/udp; docker port all 86; docker port all x; docker port nosuch
docker inspect -f '{{json .NetworkSettings.Ports}}' all
docker inspect -f '{{json .HostConfig.PortBindings}} {{json .Config.ExposedPorts}}' all
docker ps --format '{{.Ports}}'
docker ps -q -f publish=8001 | wc -l; docker ps -q -f publish=8200/udp | wc -l; docker ps -q -f publish=8200 | wc -l; docker ps -q -f expose=86 | wc -l; docker ps -q -f expose=80-86 | wc -l
docker stop -t 0 all >/dev/null; docker port all; docker inspect -f '{{json .NetworkSettings.Ports}}' all; docker ps -a --format '{{.Ports}}'
docker start all >/dev/null; docker port all 8002; docker rm -f all >/dev/null
docker run -d --name rand -p 80 -p 127.0.0.1::81 -p 82/udp busybox sleep 100 >/dev/null; docker port rand | sed 's/:[0-9]*$/:N/'; docker inspect -f '{{json .HostConfig.PortBindings}}' rand
docker rm -f rand
docker run -d --name exposed --expose 80 --expose 90-91 --expose 92/udp -P busybox sleep 100 >/dev/null; docker port exposed | sed 's/:[0-9]*$/:N/'; docker rm -f exposed >/dev/null
docker run -d --name long -p target=80,published=8300,protocol=udp -p published=8301,target=81 busybox sleep 100 >/dev/null; docker port long; docker rm -f long >/dev/null
docker run --rm -p 80:80:80:80 busybox true
docker run --rm -p 1.2.3:80:80 busybox true
docker run --rm -p 8000-8001:80-82 busybox true
docker run --rm -p 70000:80 busybox true
docker run --rm -p 80/icmp busybox true
docker run --rm -p 80:x busybox true
docker run --rm -p 'localhost:80:80' busybox true
docker run --rm -p 90-80:80-90 busybox true
docker run -d --name hosted --network host -p 8400:80 busybox sleep 100 | wc -c; docker port hosted; docker rm -f hosted >/dev/null
docker run -d --name none --network none -p 8400:80 busybox sleep 100 | wc -c; docker port none; docker rm -f none >/dev/null

== ports-taken
docker run -d --name one -p 8000:80 -p 8001:81/udp -p 127.0.0.1:8002:82 busybox sleep 100 >/dev/null
docker run -d --name two -p 8000:80 busybox sleep 100 | wc -c
docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{json .NetworkSettings.Ports}} [{{.NetworkSettings.IPAddress}}]' two; docker start two; docker rm two
docker run -d --name two -p 8001:80/udp busybox sleep 100 | wc -c; docker rm two
docker run -d --name two -p 8001:80 busybox sleep 100 | wc -c; docker rm -f two
docker run -d --name two -p 127.0.0.1:8000:80 busybox sleep 100 | wc -c; docker rm two
docker run -d --name two -p '[::1]:8000:80' busybox sleep 100 | wc -c; docker rm two
docker run -d --name two -p 8002:80 busybox sleep 100 | wc -c; docker rm two
docker run -d --name two -p 127.0.0.1:8002:80 busybox sleep 100 | wc -c; docker rm two
docker run -d --name two -p 192.0.2.99:8003:80 busybox sleep 100 | wc -c; docker rm two
docker run -d --name two -p '[2001:db8::99]:8003:80/udp' busybox sleep 100 | wc -c; docker rm two
docker run -d --name two -p 8004:80 -p 8000:81 busybox sleep 100 | wc -c; docker rm two
docker run -d --name two -p 8000-8001:80 busybox sleep 100 >/dev/null; docker port two; docker rm -f two
docker run -d --name two -p 8004:80 busybox sleep 100 | wc -c; docker rm -f two
docker rm -f one; docker run -d --name two -p 8000:80 -p 8001:81/udp busybox sleep 100 >/dev/null; docker port two
docker restart -t 0 two; docker port two; docker rm -f two

== ports-networks
docker network create -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 local >/dev/null; docker run -d --name in --network local -p 8000:80 -p 0.0.0.0:8001:81 busybox sleep 100 >/dev/null; docker port in; docker rm -f in >/dev/null
docker network create --internal shut >/dev/null; docker run -d --name in --network shut -p 8000:80 busybox sleep 100 >/dev/null; docker port in; docker rm -f in >/dev/null
docker network create --ipv6 --subnet fd00:77::/64 --subnet 10.77.0.0/24 both >/dev/null; docker run -d --name in --network both -p 8000:80 -p '[::1]:8001:81' -p 127.0.0.1:8002:82 busybox sleep 100 >/dev/null; docker port in; docker inspect -f '{{json .NetworkSettings.Ports}}' in; docker rm -f in >/dev/null
docker network create late >/dev/null; docker run -d --name in --network shut -p 8000:80 busybox sleep 100 >/dev/null; docker network connect late in; docker port in; docker network disconnect late in; docker port in; docker rm -f in >/dev/null
docker network rm local shut both late
