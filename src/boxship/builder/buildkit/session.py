"""Messages of the services that a client offers in its session."""

from dataclasses import dataclass

from boxship.wire.protobuf import BYTES, Message, blob, mapping, string

SYNC = "/moby.filesync.v1.FileSync/DiffCopy"
SEND = "/moby.filesync.v1.FileSend/DiffCopy"
CREDENTIALS = "/moby.filesync.v1.Auth/Credentials"
SECRET = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
AGENT_CHECK = "/moby.sshforward.v1.SSH/CheckAgent"
AGENT = "/moby.sshforward.v1.SSH/ForwardAgent"
UPLOAD = "/moby.upload.v1.Upload/Pull"
# Which of a build's outputs files that are sent back are for.
OUTPUT = "buildkit-attachable-exporter-id"


@dataclass
class BytesMessage(Message):
    data: bytes = blob(1)


@dataclass
class CredentialsRequest(Message):
    host: str = string(1)


@dataclass
class CredentialsResponse(Message):
    username: str = string(1)
    secret: str = string(2)


@dataclass
class SecretRequest(Message):
    id: str = string(1)
    annotations: dict[str, bytes] = mapping(2, BYTES)


@dataclass
class SecretResponse(Message):
    data: bytes = blob(1)


@dataclass
class AgentRequest(Message):
    id: str = string(1)
