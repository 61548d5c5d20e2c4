"""Where our command line answers otherwise than Docker's, on purpose.

The tables are those of :mod:`e2e.walk.accepted`, which hold here, too.
"""

from e2e.walk.accepted import Hidden, Otherwise

HIDDEN: tuple[Hidden, ...] = (
    Hidden(
        "*",
        r"(?m)(^Usage:  docker .*\n(?:\t.*\n)?\n).+$",
        "what a command does is said in words of our own",
        r"\1<SUMMARY>",
    ),
    Hidden(
        "*",
        r"(?m)^(  [a-z-]+)  [A-Z].*$",
        "the same in lists of commands",
        r"\1  <SUMMARY>",
    ),
    Hidden(
        "*",
        r"(?m)(Cannot connect to the )\w+( daemon at \S+ Is the )\w+( daemon running\?).*$",
        "our name, and the reason that the system gave",
        r"\1Docker\2docker\3",
    ),
    Hidden(
        "*",
        r"unix:///(var/run/docker|run/boxship/boxship)\.sock",
        "each daemon has a socket of its own",
        "<SOCKET>",
    ),
    Hidden(
        "*",
        r"(?s)DEPRECATED: The legacy builder.*?environment-variable\.\n\n?",
        "Docker's client would rather have a plug-in that ours does not need",
    ),
    Hidden(
        "*",
        r'(?m)^time="<TIME>" level=debug msg="otel error".*\n',
        "Docker's client tells about telemetry that it could not set up",
    ),
    Hidden(
        "usage-words",
        r"(?m)^docker: '\w+ \w+' is not a docker command\.\nSee .*\n",
        "Docker's client shows the help of the group and does not say why",
    ),
    Hidden(
        "forms-*",
        r'(?m)template: \w*:1:\d+: executing "\w*"( at <\w*)[^:]*: .*$',
        "Go counts columns, shows calls in full and names its types",
        r"template: \1…>: <NO SUCH FIELD>",
    ),
    Hidden(
        "forms-of-lists",
        r"(?<=\.docker/config\.json: ).*",
        "what is wrong with JSON is told by another parser",
    ),
    Hidden(
        "*",
        r'(?m)^\S*\.(Reach=(str|"")|Firewall\..*)\n',
        "what Docker's client does not know of and leaves out",
    ),
    Hidden(
        "*",
        r"(?s)Get \"https://registry-1\.docker\.io/v2/\": dial tcp: lookup .*?(?=\.?\n)",
        "names are looked up by another resolver",
        "<NO SUCH HOST>",
    ),
)

_DETACH_KEYS = (
    r"invalid detach keys \((nosuch|nonsense)-x\): Unknown character: '(nosuch|nonsense)-x'"
)
_FAULTS_OF_NETWORKS = "a network that is not there is refused at once, not at the container's start"
_ADDRESS = r"invalid daemon address 'nosuch://x': expected unix:///path, tcp://host:port or ssh://"

_LEFT_OUT = {
    "swarms": ("node ls", "service ls", "swarm leave", "secret ls", "config ls"),
    "plug-ins": ("plugin ls",),
    "checkpoints": ("checkpoint ls box",),
    "volumes of swarms": ("volume update two", "volume update --availability drain two"),
}
_WITHOUT = tuple(
    Otherwise(f"docker {words}", 1, r"is not a docker command", f"there are no {what}")
    for what, lines in _LEFT_OUT.items()
    for words in lines
)

OTHERWISE: tuple[Otherwise, ...] = (
    *_WITHOUT,
    Otherwise(
        "docker logs",
        1,
        r'\A"docker logs" requires at least 1 argument\.',
        "logs of several containers are shown together",
    ),
    Otherwise(
        "docker logs a b",
        1,
        r"No such container: a\n.*No such container: b",
        "logs of several containers are shown together",
    ),
    Otherwise(
        "docker volume create --scope cluster three",
        125,
        "unknown flag: --scope",
        "there are no volumes of swarms",
    ),
    Otherwise(
        "docker volume create --group g three",
        125,
        "unknown flag: --group",
        "there are no volumes of swarms",
    ),
    Otherwise(
        "DOCKER_API_VERSION=1.23 docker ps",
        1,
        r"\AError response from daemon: client version 1\.23 is too old",
        "the daemon's JSON is read",
    ),
    Otherwise(
        "docker cp -a box:/home/guest ga; ls -ldn ga | tr -s ' ' | cut -d' ' -f1,3,4",
        0,
        r"\Adrwxr-xr-x 1000 1000\Z",
        "owners are kept in both directions, as the flag says",
    ),
    Otherwise(
        "docker inspect -f '{{nonsense' box",
        64,
        r"template parsing error: template: :1: unclosed action",
        "of two mistakes, another is found first",
    ),
    Otherwise(
        "docker start ''",
        1,
        r"invalid container name or ID: value is empty",
        "the error says what is wrong",
    ),
    Otherwise(
        "docker version --format '{{.Client.Version}} {{.Server.Os}} {{.Server.Arch}}'",
        0,
        r"\A\d+\.\d+\.\d+ linux amd64\Z",
        "the client has a version of its own",
    ),
    Otherwise(
        "docker -H nosuch://x ps", 1, _ADDRESS, "the error says what an address may look like"
    ),
    Otherwise(
        "docker --tlsverify --tlscacert nosuch.pem -H tcp://127.0.0.1:1 ps 2>&1 | sed 's/:.*//'",
        0,
        r"Cannot connect to the Boxship daemon",
        "certificates are read once somebody answers",
    ),
    Otherwise(
        "docker image remove made | sed 's/:.*//' | sort | uniq -c",
        0,
        r"1 Deleted\n  1 Untagged",
        "a container that changed nothing adds no layer",
    ),
    Otherwise(
        "docker network ls --filter type=nosuch",
        1,
        r"invalid filter 'type=nosuch'",
        "the wording of other filters, and of later versions",
    ),
    Otherwise(
        "docker network connect nosuch box", 1, "network nosuch not found", _FAULTS_OF_NETWORKS
    ),
    Otherwise(
        "docker inspect -f '{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}}"
        '{{json (index .NetworkSettings.Networks "two").IPAMConfig}}\' box',
        0,
        r'\Abridge two {"IPv4Address":"10\.9\.0\.200"}',
        _FAULTS_OF_NETWORKS,
    ),
    Otherwise("docker network disconnect two box", 1, "network two not found", _FAULTS_OF_NETWORKS),
    Otherwise(
        "docker network disconnect -f nosuch box",
        1,
        r"is not connected to the network nosuch",
        _FAULTS_OF_NETWORKS,
    ),
    Otherwise(
        "docker context inspect -f '{{.Name}} {{.Endpoints.docker.Host}}"
        " {{.Metadata.Description}}' one two",
        1,
        r"\Aone tcp://127\.0\.0\.1:1 The first\n.*Metadata\.Description",
        "the file's own fields can be named",
    ),
    Otherwise(
        "docker context inspect -f '{{.Endpoints.docker.Host}} {{.Metadata.Description}}' one",
        0,
        r"tcp://127\.0\.0\.1:2 Changed",
        "the file's own fields can be named",
    ),
    Otherwise(
        "docker search localhost:1/nosuch 2>&1 | sed 's/dial.*//'",
        0,
        r"Error response from daemon: Get \"http://localhost:1/v1/search",
        "no version is asked for before the search itself",
    ),
    Otherwise(
        "docker manifest inspect localhost:1/nosuch 2>&1 | tail -1 | sed 's/dial.*//'",
        0,
        r"Error response from daemon: Get \"http://localhost:1/v2/",
        "the daemon asks the registry, with its own settings of it",
    ),
    Otherwise(
        "docker run --ip x --network none busybox true",
        125,
        r"\* invalid IPv4 address: x",
        "dockerd says it a second time in other words",
    ),
    Otherwise(
        "docker run --ip6 x --network none busybox true",
        125,
        r"\* invalid IPv6 address: x",
        "dockerd says it a second time in other words",
    ),
    Otherwise(
        "docker run -v : busybox",
        125,
        r"invalid volume specification: ':'",
        "dockerd takes it for a path inside the container",
    ),
    Otherwise(
        "docker run --platform 'a b' busybox true",
        125,
        r'error parsing specified platform: "a b" is an invalid component',
        "without the versions of Windows that may stand in a platform",
    ),
    Otherwise(
        "docker run --detach-keys nosuch-x --name keys busybox true",
        1,
        _DETACH_KEYS,
        "the error says what is wrong",
    ),
    Otherwise(
        "docker run --rm --detach-keys ctrl-x busybox true && echo fine;"
        " docker run --rm --detach-keys nonsense-x busybox true",
        1,
        _DETACH_KEYS,
        "the error says what is wrong",
    ),
    Otherwise(
        "docker context use",
        1,
        r'"docker context use" requires exactly 1 argument\.',
        "as for other commands",
    ),
    Otherwise(
        "docker import",
        1,
        r"requires at least 1 and at most 2 arguments",
        "Docker's client ignores further ones",
    ),
)
