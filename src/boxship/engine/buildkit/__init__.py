"""BuildKit's services over the engine: sessions of clients, builds, what they leave behind."""
