"""The project's own trainer with the code that TensorFlow likes best here: what equal digits on all processors cost."""

from unittest.mock import patch

with patch("hemline.target.fix_target"):
    from benchmarks.peers.ours import Peer

__all__ = ["Peer"]
