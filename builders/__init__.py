"""Models of one's own, for variants of the family ``keras``: ``build: my_models:small_cnn``."""
