"""The tables. Migrations are only ever appended."""

_FIRST = """
CREATE TABLE users (
    name TEXT PRIMARY KEY, password TEXT NOT NULL, admin INTEGER NOT NULL, created REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE secrets (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE,
    user TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    kind TEXT NOT NULL, label TEXT NOT NULL, most INTEGER NOT NULL,
    created REAL NOT NULL, expires REAL
);
CREATE INDEX secrets_of_user ON secrets (user);
CREATE TABLE attempts (
    key TEXT PRIMARY KEY, count INTEGER NOT NULL, since REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE repositories (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, public INTEGER NOT NULL
);
CREATE TABLE rights (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    user TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    level INTEGER NOT NULL,
    PRIMARY KEY (repository, user)
) WITHOUT ROWID;
CREATE TABLE blobs (
    digest TEXT PRIMARY KEY, size INTEGER NOT NULL, key TEXT NOT NULL UNIQUE
) WITHOUT ROWID;
CREATE TABLE links (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    digest TEXT NOT NULL REFERENCES blobs,
    touched REAL NOT NULL,
    PRIMARY KEY (repository, digest)
) WITHOUT ROWID;
CREATE INDEX links_of_blob ON links (digest);
CREATE TABLE uploads (
    key TEXT PRIMARY KEY,
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    touched REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_of_repository ON uploads (repository);
CREATE TRIGGER uploads_leave_garbage AFTER DELETE ON uploads
WHEN NOT EXISTS (SELECT 1 FROM blobs WHERE key = OLD.key) BEGIN
    INSERT OR IGNORE INTO garbage VALUES (OLD.key);
END;
CREATE TABLE garbage (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE manifests (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL, content BLOB NOT NULL,
    subject TEXT, artifact_type TEXT NOT NULL, referrer BLOB NOT NULL, pushed REAL NOT NULL,
    PRIMARY KEY (repository, digest)
);
CREATE INDEX manifests_of_subject ON manifests (repository, subject) WHERE subject IS NOT NULL;
CREATE TABLE parts (
    repository INTEGER NOT NULL, manifest TEXT NOT NULL, part TEXT NOT NULL,
    PRIMARY KEY (repository, manifest, part),
    FOREIGN KEY (repository, manifest) REFERENCES manifests ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX parts_by_name ON parts (repository, part);
CREATE TABLE tags (
    repository INTEGER NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, changed REAL NOT NULL,
    PRIMARY KEY (repository, name),
    FOREIGN KEY (repository, digest) REFERENCES manifests ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX tags_of_manifest ON tags (repository, digest);
"""

_SECOND = """
CREATE TRIGGER links_leave_garbage AFTER DELETE ON links
WHEN NOT EXISTS (SELECT 1 FROM links WHERE digest = OLD.digest) BEGIN
    INSERT OR IGNORE INTO garbage SELECT key FROM blobs WHERE digest = OLD.digest;
    DELETE FROM blobs WHERE digest = OLD.digest;
END;
CREATE INDEX tags_in_order ON tags (repository, name COLLATE NOCASE, name);
"""

# Refresh tokens and sessions of before have no recorded origin. A refresh token with less than an
# administrator's right came from a machine token, and a session from either: both end here.
_THIRD = """
ALTER TABLE secrets ADD COLUMN origin INTEGER REFERENCES secrets ON DELETE CASCADE;
CREATE INDEX secrets_by_origin ON secrets (origin);
DELETE FROM secrets WHERE kind = 'session' OR (kind = 'refresh' AND most < 4);
"""

MIGRATIONS = (_FIRST, _SECOND, _THIRD)
