"""The tables of images. Digests and IDs are ``sha256:<hex>``, times nanoseconds since 1970.

A tag names one image a platform; the ``preferred`` one is meant when no platform is asked for.
``boot`` of a layer is the boot ID of the machine while its files may still be in memory only, and
empty once they are on disk (see :mod:`boxship.images.durability`). An ``opaque`` layer hides all
layers below it. A stack outlives its image while containers were made from it. Steps that are not
``shown`` are images for builds alone.
"""

MIGRATIONS = (
    """
    CREATE TABLE image_images (
        id TEXT PRIMARY KEY,
        config BLOB NOT NULL,
        parent TEXT NOT NULL DEFAULT '',
        last_tagged INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE INDEX image_images_parent ON image_images (parent) WHERE parent != '';
    CREATE TABLE image_layers (
        diff_id TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        stored INTEGER NOT NULL,
        index_digest TEXT NOT NULL,
        opaque INTEGER NOT NULL,
        boot TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE image_stacks (
        image_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        diff_id TEXT NOT NULL REFERENCES image_layers (diff_id),
        PRIMARY KEY (image_id, position)
    ) WITHOUT ROWID;
    CREATE INDEX image_stacks_diff ON image_stacks (diff_id);
    CREATE TABLE image_tags (
        repository TEXT NOT NULL,
        tag TEXT NOT NULL,
        image_id TEXT NOT NULL REFERENCES image_images (id),
        preferred INTEGER NOT NULL,
        PRIMARY KEY (repository, tag, image_id)
    ) WITHOUT ROWID;
    CREATE INDEX image_tags_image ON image_tags (image_id);
    CREATE TABLE image_digests (
        repository TEXT NOT NULL,
        digest TEXT NOT NULL,
        image_id TEXT NOT NULL REFERENCES image_images (id),
        PRIMARY KEY (repository, digest, image_id)
    ) WITHOUT ROWID;
    CREATE INDEX image_digests_image ON image_digests (image_id);
    """,
)

# Compressed forms of layers: digest of the blob, and the repositories known to hold it. A blob
# whose ``boot`` is another one's may not have reached the disk and is forgotten. Apart from the
# others, because migrations are numbered and a database may hold more tables than these.
BLOB_MIGRATIONS = (
    """
    CREATE TABLE image_blobs (
        digest TEXT PRIMARY KEY,
        diff_id TEXT NOT NULL,
        media_type TEXT NOT NULL,
        size INTEGER NOT NULL,
        boot TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX image_blobs_diff ON image_blobs (diff_id);
    CREATE TABLE image_blob_places (
        digest TEXT NOT NULL REFERENCES image_blobs (digest) ON DELETE CASCADE,
        repository TEXT NOT NULL,
        PRIMARY KEY (digest, repository)
    ) WITHOUT ROWID;
    """,
)

# Where blobs lie that registries do not distribute.
URL_MIGRATIONS = (
    """
    CREATE TABLE image_blob_urls (
        digest TEXT NOT NULL REFERENCES image_blobs (digest) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        url TEXT NOT NULL,
        PRIMARY KEY (digest, position)
    ) WITHOUT ROWID;
    """,
)

# A search for a parent given as a parameter uses no partial index: it would look through the
# configurations of all images (sqlite.org/partialindex.html).
PARENT_MIGRATIONS = (
    """
    DROP INDEX image_images_parent;
    CREATE INDEX image_images_parent ON image_images (parent);
    """,
)

# Images of steps (see :mod:`boxship.images.steps`), and what each is on top of, empty for nothing.
STEP_MIGRATIONS = (
    """
    CREATE TABLE image_steps (
        image_id TEXT PRIMARY KEY,
        below TEXT NOT NULL,
        shown INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX image_steps_below ON image_steps (below);
    """,
)
