# docker network, and networks of containers. What the kernel has is seen from a container of the
# host's network.

== network-commands
docker network create one | wc -c
docker network create one
docker network create --label a=1 --label b --attachable --subnet 10.11.0.0/16 two >/dev/null
docker network create
docker network create a b
docker network create ''
docker network create bridge
docker network create host
docker network create none
docker network create default
docker network create --driver nosuch three
docker network create --driver host three
docker network create --driver null three
docker network create --driver overlay three
docker network create --scope swarm three
docker network create --ingress three
docker network create --ipam-driver nosuch three
docker network create --ipam-driver null three
docker network create --driver bridge --scope local --ipam-driver default --ipam-opt x=y -o com.example.z=1 four >/dev/null
docker network ls --format '{{.Name}} {{.Driver}} {{.Scope}} {{.IPv6}} {{.Internal}} {{.Labels}}' | sed 's/b=,a=1/a=1,b=/' | sort
docker network ls -q | wc -l; docker network ls -q --no-trunc | head -1 | wc -c
docker network ls -q -f name=o | wc -l; docker network ls -f label=a -f driver=bridge --format '{{.Name}}'; docker network ls -f label=a=2 -q
docker network ls -f type=custom --format '{{.Name}}' | sort; docker network ls -f type=builtin --format '{{.Name}}' | sort
docker network ls -f type=x
docker network ls -f scope=local -q | wc -l; docker network ls -f scope=swarm -q; docker network ls -f scope=x -q
docker network ls -f dangling=true --format '{{.Name}}' | sort; docker network ls -f dangling=false --format '{{.Name}}' | sort
docker network ls -f dangling=x
docker network ls -f nosuch=1
docker network ls -f driver=nosuch -q
docker network inspect two | shape
docker network inspect four | shape
docker network inspect -f '{{.Name}} {{len .Containers}}' host none one; docker network inspect bridge host none | shape | grep -v -E 'bridge.name|masquerade'
docker network inspect nosuch
docker network inspect -f '{{.Name}}' one nosuch two
docker network inspect --verbose -f '{{.Name}}' one
docker network inspect -f '{{.Name}}' "$(docker network ls -q -f name=two)"
docker network rm nosuch
docker network rm -f nosuch
docker network rm bridge; docker network rm host; docker network rm none
docker network rm one nosuch four
docker network rm two | wc -c
docker network ls -f type=custom -q
docker network connect nosuch x; docker network connect bridge nosuch; docker network disconnect nosuch x
docker network disconnect bridge nosuch; docker network disconnect -f bridge nosuch

== network-prune
docker network create --label keep=1 kept >/dev/null; docker network create used >/dev/null; docker network create free >/dev/null
docker run -d --name user --network used busybox sleep 100 >/dev/null
docker network prune -f --filter label!=keep
docker network prune -f --filter until=24h
docker network prune -f --filter label=nosuch
docker network prune -f --filter nosuch=1
docker network rm used | sed 's/id [^ ]*/ID/'
docker network rm used 2>&1 | sed 's/id [^ ]*/ID/'
docker rm -f user; docker network prune -f | sort
docker network ls -f type=custom -q
date +%s.%N > t0; docker network create made >/dev/null; docker network rm made; docker network create other >/dev/null; docker network prune -f; docker run --rm busybox true; happened -f type=network --format '{{.Type}} {{.Action}} {{json .Actor.Attributes}} {{.Scope}}'

== network-subnets
docker network create --subnet 10.20.0.0/16 --gateway 10.20.5.9 --ip-range 10.20.30.0/24 --aux-address a=10.20.30.0 --aux-address b=10.20.30.2 full >/dev/null
docker network inspect -f '{{json .IPAM}}' full
docker run --rm --network full busybox sh -c 'ip -4 -o addr show eth0 | cut -d" " -f2-9; ip route'
docker run --rm --network full busybox sh -c 'ip -4 -o addr show eth0 | cut -d" " -f2-9'
docker run --rm --network full --ip 10.20.99.1 busybox sh -c 'ip -4 -o addr show eth0 | cut -d" " -f2-9'
docker run --rm --network full --ip 10.20.30.2 busybox true
docker run --rm --network full --ip 10.20.5.9 busybox true
docker run --rm --network full --ip 10.21.0.1 busybox true
docker run --rm --network full --ip x busybox true
docker run --rm --network full --ip6 fd00::1 busybox true
docker run --rm --network full --mac-address 02:00:00:00:00:07 busybox cat /sys/class/net/eth0/address
docker run --rm --network full --mac-address x busybox true
docker network create plain >/dev/null; docker run --rm --network plain --ip 172.18.0.9 busybox true
docker network create --subnet 10.20.0.0/24 clash
docker network create --subnet 10.20.0.5/16 bad
docker network create --subnet 10.300.0.0/16 bad
docker network create --subnet 10.30.0.0 bad
docker network create --subnet 10.30.0.0/16 --gateway 10.31.0.1 bad
docker network create --subnet 10.30.0.0/16 --gateway x bad
docker network create --subnet 10.30.0.0/16 --ip-range 10.31.0.0/24 bad
docker network create --subnet 10.30.0.0/16 --ip-range 10.0.0.0/8 bad
docker network create --subnet 10.30.0.0/16 --ip-range 10.30.1.5/24 bad
docker network create --subnet 10.30.0.0/16 --ip-range 10.30.1.0/24 --ip-range 10.30.2.0/24 bad
docker network create --subnet 10.30.0.0/16 --aux-address a=10.31.0.1 bad
docker network create --subnet 10.30.0.0/16 --aux-address a=10.30.0.1 --gateway 10.30.0.1 bad
docker network create --subnet 10.30.0.0/16 --aux-address 10.30.0.1 bad
docker network create --subnet 10.30.0.0/16 --subnet 10.31.0.0/16 bad
docker network create --subnet 10.30.0.0/16 --subnet 10.30.0.0/24 bad
docker network create --gateway 10.30.0.1 bad
docker network create --ip-range 10.30.0.0/24 bad
docker network create --subnet 10.40.0.0/30 tiny >/dev/null; docker run -d --name one --network tiny busybox sleep 100 >/dev/null
docker run --rm --name two --network tiny busybox true 2>&1 | sed 's/([0-9a-f<ID>]*)/ID/'
docker network create --subnet 10.41.0.0/31 pair >/dev/null; docker network inspect -f '{{json .IPAM.Config}}' pair
docker network create --subnet 10.42.0.0/32 single
docker network create --subnet 0.0.0.0/0 all
docker network ls -f type=custom --format '{{.Name}}' | sort

== network-ipv6
docker network create --ipv6 --subnet fd11::/64 --subnet 10.51.0.0/24 six >/dev/null; docker network inspect six | shape | grep -v Created
docker run --rm --network six busybox sh -c 'ip -o addr show eth0 | cut -d" " -f2-9; ip -6 route; ip route' | grep -v multicast
docker run --rm --network six --ip6 fd11::99 busybox sh -c 'ip -6 -o addr show eth0 | cut -d" " -f2-9'
docker run --rm --network six --ip6 fd12::99 busybox true
docker run --rm --network six --ip6 10.1.1.1 busybox true
docker run --rm --network six --ip fd11::5 busybox true
docker run -d --name held --network six --ip6 fd11::99 busybox sleep 100 >/dev/null; docker run --rm --network six --ip6 fd11::99 busybox true
docker inspect -f '{{json .NetworkSettings.Networks.six}}' held | shape | grep -v -E 'ID|DNSNames'
docker inspect -f '{{.NetworkSettings.GlobalIPv6Address}} {{.NetworkSettings.IPv6Gateway}}' held
docker network inspect -f '{{range .Containers}}{{.IPv6Address}} {{.IPv4Address}}{{end}}' six
docker exec held cat /etc/hosts | sed 's/[0-9a-f]*$/HOST/'
docker exec held ping -c1 -W3 fd11::1 | grep -c 'bytes from'
docker run --rm --network six busybox ping -c1 -W3 fd11::99 | grep -c 'bytes from'
docker network create --ipv6 --subnet 10.50.0.0/24 --subnet fd13::/64 --gateway fd13::9 --gateway 10.50.0.9 --ip-range fd13::100/120 --aux-address x=fd13::100 dual >/dev/null
docker network inspect -f '{{json .IPAM.Config}}' dual
docker run --rm --network dual busybox sh -c 'ip -o addr show eth0 | cut -d" " -f2-9; ip -6 route; ip route' | grep -v multicast
docker network create --subnet fd14::/64 off >/dev/null; docker network inspect -f '{{.EnableIPv6}} {{json .IPAM.Config}}' off | sed 's/172.[0-9]*/172.N/g'
docker run --rm --network off busybox sh -c 'ip -6 -o addr show eth0'
docker network create --ipv6 --subnet fd11::/80 clash
docker network create --ipv6 --subnet fd15::1/64 bad
docker network create --ipv6 --subnet fd15::/64 --gateway fd16::1 bad
docker network create --ipv6 --subnet fe80::/64 link
docker run --rm --network six --link-local-ip 169.254.7.7 --link-local-ip fe80::77 busybox sh -c 'ip -o addr show eth0 | cut -d" " -f2-9 | grep -v -E "10.51|fe80::42" | sort'
docker run --rm --network six --link-local-ip 10.1.1.1 busybox true
docker run --rm --network six --link-local-ip x busybox true
docker run --rm --network six --sysctl net.ipv6.conf.eth0.disable_ipv6=1 busybox ip -6 -o addr show eth0

== network-options
docker network create -o com.docker.network.bridge.name=named0 -o com.docker.network.driver.mtu=1400 -o com.docker.network.container_iface_prefix=net -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 opts >/dev/null
docker network inspect -f '{{json .Options}}' opts
docker run --rm --network opts busybox sh -c 'ls /sys/class/net; cat /sys/class/net/net0/mtu'
docker run --rm --network host busybox cat /sys/class/net/named0/mtu
docker run -d --name local --network opts -p 8071:80 busybox sleep 100 >/dev/null; docker port local; docker rm -f local >/dev/null
docker network create -o com.docker.network.bridge.name=named0 again 2>&1 | sed -E 's/[0-9a-f]{64}|<ID>/ID/g'
docker network create -o com.docker.network.bridge.name=waytoolongforanybridge long
docker network create -o com.docker.network.bridge.name=lo other
docker network create -o com.docker.network.bridge.enable_icc=x bad
docker network create -o com.docker.network.bridge.enable_ip_masquerade=x bad
docker network create -o com.docker.network.driver.mtu=x bad
docker network create -o com.docker.network.driver.mtu=-1 bad
docker network create -o com.docker.network.bridge.host_binding_ipv4=x bad
docker network create -o com.docker.network.bridge.inhibit_ipv4=x bad
docker network create --subnet 10.62.0.0/24 -o com.docker.network.bridge.inhibit_ipv4=true -o com.docker.network.bridge.name=mute0 mute >/dev/null; docker run --rm --network host busybox ip -4 -o addr show mute0
docker run --rm --network mute busybox ip route
docker network create --internal -o com.docker.network.bridge.name=shut0 --subnet 10.61.0.0/24 shut >/dev/null; docker run --rm --network host busybox ip -4 -o addr show shut0 | cut -d' ' -f2-9
docker run --rm --network shut busybox sh -c 'ip route; ping -c1 -W1 10.61.0.1 | grep -c from'
docker run -d --name in --network shut -p 8072:80 busybox sleep 100 >/dev/null; docker port in; docker inspect -f '{{json .NetworkSettings.Ports}} {{json .NetworkSettings.Networks.shut.Gateway}}' in
docker network inspect shut | shape | grep -E 'Internal|IPAM'
docker network create -d bridge --opt parent=eth0 x >/dev/null; docker network rm x

== network-config
docker network create --config-only --subnet 10.70.0.0/24 --label l=1 -o com.docker.network.driver.mtu=1300 conf >/dev/null
docker network inspect conf | shape | grep -v -E 'Created|Id'
docker network create --config-from conf user >/dev/null; docker network inspect user | shape | grep -v -E 'Created|Id'
docker network rm conf
docker network prune -f | sort
docker network create --config-only --subnet 10.70.0.0/24 conf >/dev/null
docker network create --config-from conf --subnet 10.71.0.0/24 bad
docker network create --config-from conf -o x=y bad
docker network create --config-from conf --label x=y bad
docker network create --config-from conf --internal inner >/dev/null; docker network inspect -f '{{.Internal}} {{json .ConfigFrom}}' inner
docker network create --config-from nosuch bad
docker network create --config-from inner bad
docker network create --config-only --config-from conf bad
docker network create --config-only --internal bad
docker network create --config-only --attachable bad
docker network create --config-only --scope local bad
docker network create --config-only --driver overlay odd >/dev/null; docker network inspect -f '{{.Driver}}' odd
docker run --rm --network conf busybox true
docker run -d --name box busybox sleep 100 >/dev/null; docker network connect conf box
docker network rm inner conf odd

== network-containers
docker run -d --name box busybox sleep 100 >/dev/null; docker network create --subnet 10.80.0.0/24 --gateway 10.80.0.1 g >/dev/null; docker network create --subnet 10.81.0.0/24 --gateway 10.81.0.1 z >/dev/null
date +%s.%N > t0; docker network connect --alias al --ip 10.80.0.50 g box; happened -f type=network --format '{{.Action}} {{json .Actor.Attributes}}'
docker inspect -f '{{json .NetworkSettings}}' box | shape | grep -v -E 'ID|Key|DNSNames|HairpinMode'
docker network inspect g | shape | sed 's/Containers\.[^.]*\./Containers.C./' | grep Containers
docker exec box sh -c 'ip -4 -o addr | cut -d" " -f2-9; ip route; cat /etc/hosts' | sed -E 's/\b[0-9a-f]{12}\b|<ID>/HOST/'
docker network connect g box
docker network connect --ip 10.80.0.51 z box
docker network connect --ip 10.81.0.51 --mac-address x z box
docker network connect --link-local-ip 169.254.3.3 --driver-opt a=b z box; docker exec box ip -4 -o addr show eth2 | cut -d' ' -f2-9
date +%s.%N > t0; docker network disconnect bridge box; happened -f type=network --format '{{.Action}} {{.Actor.Attributes.name}}'
docker exec box sh -c 'ls /sys/class/net; ip route'
docker network disconnect bridge box 2>&1 | sed -E 's/container [^ ]*/container C/'
docker network connect bridge box; docker exec box sh -c 'ls /sys/class/net; ip route'
docker network disconnect g box; docker network disconnect z box; docker network disconnect bridge box; docker exec box ls /sys/class/net
docker inspect -f '{{json .NetworkSettings.Networks}} {{.NetworkSettings.IPAddress}}' box
docker stop -t0 box; docker start box; docker exec box ls /sys/class/net
docker network connect z box; docker exec box sh -c 'ls /sys/class/net; ip route'
docker restart -t0 box; docker exec box sh -c 'ls /sys/class/net; ip route'
docker create --name later --network g --ip 10.80.0.60 --network-alias n1 busybox sh -c 'ip -4 -o addr | sed "s/.*inet //" | sort; ip route | sed "s/ dev.*//"' >/dev/null; docker network connect --ip 10.81.0.60 z later; docker inspect -f '{{json .NetworkSettings.Networks}}' later | shape | grep -v DNSNames
docker start -a later; docker start -a later; docker inspect -f '{{json .NetworkSettings.Networks}}' later | shape | grep -v -E 'DNSNames|NetworkID'
docker network connect --ip 10.81.0.61 z later; docker inspect -f '{{json .NetworkSettings.Networks.z.IPAMConfig}}' later
docker network rm g; docker start later 2>&1 | grep -c 'not found'
docker network disconnect -f g later
docker run --rm --network name=z,ip=10.81.0.70,alias=x,mac-address=02:00:00:00:00:09,driver-opt=a=b busybox ip -o addr show eth0 | cut -d' ' -f2-9
docker network create --subnet 10.82.0.0/24 y >/dev/null; docker run --rm --network z --network y busybox sh -c 'ip -4 -o addr | cut -d" " -f2 | sort; ip route' | sed 's/ dev.*//'
docker run --rm --network z --network z busybox true
docker run --rm --network z --network host busybox true
docker run --rm --network none --network z busybox true
docker run --rm --network z --network none busybox true
docker run --rm --network bridge --network z busybox sh -c 'ip -4 -o addr | cut -d" " -f2-4; ip route'
docker run --rm --network bridge --ip 172.17.0.9 busybox true
docker run --rm --network-alias x busybox true
docker run --rm --network z --link box:b busybox true
docker ps -q --filter network=z | wc -l; docker ps -q --filter network=nosuch | wc -l

== network-modes
docker run -d --name hosted --network host busybox sleep 100 >/dev/null; docker inspect -f '{{json .NetworkSettings}}' hosted | shape | grep -v -E 'ID|Key'
docker run -d --name alone --network none busybox sleep 100 >/dev/null; docker inspect -f '{{json .NetworkSettings}}' alone | shape | grep -v -E 'ID|Key'
docker network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}} {{.MacAddress}}{{end}}' host none
docker network create n >/dev/null; docker network connect n hosted; docker network connect n alone; docker network connect host alone; docker network connect none hosted
docker run -d --name box busybox sleep 100 >/dev/null; docker network connect host box; docker network connect none box
docker network disconnect host hosted; docker network disconnect none alone; docker inspect -f '{{json .NetworkSettings.Networks}}' alone
docker network connect n alone; docker exec alone ls /sys/class/net
docker network disconnect n alone; docker network connect none alone; docker inspect -f '{{len .NetworkSettings.Networks}}' alone
docker run -d --name joined --network container:box busybox sleep 100 >/dev/null; docker inspect -f '{{json .NetworkSettings.Networks}} {{json .NetworkSettings.SandboxKey}}' joined
docker exec joined ip -4 -o addr show eth0 | cut -d' ' -f2-9; docker exec box ip -4 -o addr show eth0 | cut -d' ' -f2-9
docker network connect n joined; docker network disconnect bridge joined
docker run --rm --network container:box --ip 1.2.3.4 busybox true
docker run --rm --network container:box --mac-address 02:00:00:00:00:09 busybox true
docker run --rm --network container: busybox true
docker run --rm --network container:box --network n busybox true
docker run --rm --network host --ip 1.2.3.4 busybox true
docker run --rm --network host --mac-address 02:00:00:00:00:09 busybox true
docker run --rm --network none --ip 1.2.3.4 busybox true
docker run --rm --network default busybox sh -c 'ls /sys/class/net'
docker run --rm --net=n --net-alias=q busybox hostname | wc -c

== network-macvlan
docker run --rm --privileged --network host busybox sh -c 'ip link add mp0 type veth; ip link set mp0 up; ip link set veth0 up; ip addr add 10.90.0.1/24 dev veth0'
docker network create -d macvlan --subnet 10.90.0.0/24 --gateway 10.90.0.1 -o parent=mp0 mac >/dev/null; docker network inspect mac | shape | grep -v -E 'Created|Id'
docker run --rm --network mac busybox sh -c 'ip -o -4 addr show eth0 | cut -d" " -f2-9; ip route; ping -c1 -W3 10.90.0.1 | grep -c "bytes from"; cat /sys/class/net/eth0/address'
docker run -d --name peer --network mac --ip 10.90.0.7 -p 8073:80 busybox sleep 100 >/dev/null; docker port peer; docker run --rm --network mac busybox ping -c1 -W3 10.90.0.7 | grep -c 'bytes from'
docker inspect -f '{{json .NetworkSettings}}' peer | shape | grep -v -E 'ID|Key|DNSNames'
docker run -d --name box busybox sleep 100 >/dev/null; docker network connect mac box; docker exec box sh -c 'ip -4 -o addr show eth1 | cut -d" " -f2-9'; docker network disconnect mac box; docker exec box ls /sys/class/net
docker network create -d macvlan --subnet 10.91.0.0/24 -o parent=mp0 twice 2>&1 | sed -E 's/dm-[0-9a-f]*|dm-<ID>/DM/'
docker network create -d macvlan -o parent=nosuch bad
docker network create -d macvlan -o parent=nosuch.10 bad
docker network create -d macvlan -o parent=veth0.x bad
docker network create -d macvlan -o parent=veth0.5000 bad
docker network create -d macvlan -o parent=lo bad
docker network create -d macvlan -o parent=veth0 -o macvlan_mode=x bad
docker network create -d macvlan -o parent=veth0 -o macvlan_mode=private --ipv6 --subnet fd90::/64 --subnet 10.92.0.0/24 priv >/dev/null; docker run --rm --network priv busybox sh -c 'ip -o addr show eth0 | cut -d" " -f2-9; ip -6 route | grep -v multicast'
docker network create -d ipvlan -o parent=veth0 -o ipvlan_mode=x bad
docker network create -d ipvlan -o parent=veth0 -o ipvlan_flag=x bad
docker network rm priv; docker rm -f peer box; docker network rm mac
docker run --rm --privileged --network host busybox ip link del mp0
