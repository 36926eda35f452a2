"""What Keras by itself makes of the mistakes that the pipeline rules out: the notes in claims.yaml say so."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parent.parent
# In a process of its own: TensorFlow is started once, and other tests need not start it.
SCRIPT = """
import json, math
import numpy
from hemline.training.tensorflow import keras

def outcome(layers, compiled):
    images, labels = numpy.zeros((20, 4, 4), "float32"), numpy.arange(20) % 10
    network = keras.Sequential([keras.Input((4, 4)), *layers])
    network.compile("adam", "sparse_categorical_crossentropy", jit_compile=compiled)
    try:
        (loss,) = network.fit(images, labels, verbose=0).history["loss"]
    except Exception as error:
        return type(error).__name__
    return "no error, no number" if math.isnan(loss) else "no error"

dense, flatten = keras.layers.Dense, keras.layers.Flatten
print(json.dumps({
    "right": outcome([flatten(), dense(10, "softmax")], False),
    "no Flatten": outcome([dense(10, "softmax")], False),
    "no Flatten, compiled": outcome([dense(10, "softmax")], True),
    "5 outputs": outcome([flatten(), dense(5, "softmax")], False),
    "5 outputs, compiled": outcome([flatten(), dense(5, "softmax")], True),
}))
"""


def test_keras_alone_refuses_the_mistakes_but_not_wrong_outputs_where_it_is_compiled():
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "right": "no error",
        "no Flatten": "ValueError",
        "no Flatten, compiled": "ValueError",
        "5 outputs": "InvalidArgumentError",
        "5 outputs, compiled": "no error, no number",
    }
