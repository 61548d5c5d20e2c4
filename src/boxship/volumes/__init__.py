"""Named volumes of the ``local`` driver: directories under the data root, one row each."""
