"""The flags of ``boxship run`` and ``create``, and where each lands in the API's create body."""
