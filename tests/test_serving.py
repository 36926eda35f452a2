"""What the served model accepts and refuses, by itself and behind a real server."""

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import numpy as np
import pytest
import servers_for_tests as servers
import workspace_for_tests as workspace

from hemline.errors import InputError
from hemline.processes.ports import free_port
from hemline.tracking.served import RefusedError, Served, check_images

IMAGE = np.zeros(workspace.SHAPE, int).tolist()


def with_pixel(value):
    """Return a batch of one image that has ``value`` somewhere."""
    image = [list(row) for row in IMAGE]
    image[2][3] = value
    return [image]


REFUSED = {
    "NaN": (with_pixel(float("nan")), "pixels must be numbers from 0 to 255, got NaN"),
    "infinity": (with_pixel(float("inf")), "pixels must be numbers from 0 to 255, got Infinity"),
    "null": (with_pixel(None), "pixels must be numbers from 0 to 255, got null"),
    "a text": (with_pixel("12"), 'pixels must be numbers from 0 to 255, got "12"'),
    "a boolean": (with_pixel(True), "pixels must be numbers from 0 to 255, got true"),
    "an object": (with_pixel({"a": 1}), 'pixels must be numbers from 0 to 255, got {"a": 1}'),
    "below 0": (with_pixel(-1), "pixels must be numbers from 0 to 255, got -1"),
    "above 255": (with_pixel(255.5), "pixels must be numbers from 0 to 255, got 255.5"),
    "huge": (with_pixel(10**400), "pixels must be numbers from 0 to 255, got 1" + 39 * "0"),
    "a list as a pixel": (with_pixel([1]), "each 6 x 6 numbers, got lists of different lengths"),
    "no batch": (IMAGE, "each 6 x 6 numbers, got (6, 6)"),
    "another shape": ([IMAGE[:5]], "each 6 x 6 numbers, got (1, 5, 6)"),
    "rows of different lengths": ([[*IMAGE[:5], [0]]], "each 6 x 6 numbers, got lists of different lengths"),
    "images of different heights": ([IMAGE, IMAGE[:5]], "each 6 x 6 numbers, got lists of different lengths"),
    "an empty batch": ([], "must be a list of images, each 6 x 6 numbers, got none"),
    "an empty image": ([[]], "must be a list of images, each 6 x 6 numbers, got none"),
}


@pytest.mark.parametrize(("values", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_input_is_refused_with_the_rule_and_the_value(values, message):
    with pytest.raises(RefusedError) as caught:
        check_images(values, workspace.SHAPE)
    assert caught.value.message.startswith("inputs: ")
    assert caught.value.message.endswith(message)
    assert caught.value.get_http_status_code() == 400


def test_the_message_stays_alone_when_the_server_would_put_the_data_before_it():
    error = RefusedError("short")
    error.message = "Failed to predict data '[[[0, 0, ..."
    assert json.loads(error.serialize_as_json())["message"] == "inputs: short"


@pytest.mark.parametrize(("value", "range_of_pixels"), [(17, (0, 16)), (-0.5, (0, 1)), (65536, (0, 65535))])
def test_what_lies_outside_the_range_of_the_data_set_is_refused(value, range_of_pixels):
    low, high = range_of_pixels
    with pytest.raises(RefusedError, match=rf"pixels must be numbers from {low} to {high}, got {value}"):
        check_images(with_pixel(value), workspace.SHAPE, low, high)
    assert check_images(with_pixel(high), workspace.SHAPE, low, high).max() == high


def test_a_served_model_knows_the_range_that_it_was_promoted_with():
    model = Served()
    pixels = {"type": "uint8", "lowest": 0, "highest": 16}
    model.facts = {"classes": workspace.CLASSES, "image_shape": workspace.SHAPE, "pixels": pixels}
    with pytest.raises(RefusedError, match="from 0 to 16, got 17"):
        model.predict(None, with_pixel(17))
    # Of those that were promoted before it was kept.
    model.facts.pop("pixels")
    with pytest.raises(RefusedError, match="from 0 to 255, got 256"):
        model.predict(None, with_pixel(256))


def test_a_port_that_is_taken_is_refused_where_it_was_asked_for_and_else_replaced():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=rf"^--port: must be a free port of 127\.0\.0\.1, got {port}: "):
            free_port(port, 0)
        assert free_port(None, port) != port


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve a champion, as `make serve` does, until the last test has run."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = workspace.promoted(tmp_path_factory.mktemp("served") / "workspace", monkeypatch)
        with servers.serving("serve", folder, "/ping") as running:
            yield running


@pytest.fixture(scope="module")
def ui(served):
    """Serve the UI beside it, as `make ui` does."""
    with servers.serving("ui", served[2].parent, "/health") as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("host", ["evil.example", "evil.example:5001", "127.0.0.1.evil.example", ""])
def test_a_page_of_the_web_whose_name_leads_to_this_machine_is_not_answered(served, ui, host):
    asked = [(served, "invocations", json.dumps({"inputs": [IMAGE]}).encode()), (served, "ping", None), (ui, "", None)]
    for (_, port, _), path, content in [*asked, (ui, "ajax-api/2.0/mlflow/experiments/search?max_results=1", None)]:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", content, {"Host": host})
        with pytest.raises(urllib.error.HTTPError, match=r"40[03]"):
            urllib.request.urlopen(request, timeout=60)


@pytest.mark.slow
def test_raw_pixels_are_answered_with_all_probabilities_and_the_name_of_the_class(served):
    pixels, labels = workspace.images(6)
    status, answer = servers.ask(served[1], json.dumps({"inputs": pixels.tolist()}))
    assert status == 200
    predictions = answer["predictions"]
    assert [each["class"] for each in predictions] == [workspace.CLASSES[label] for label in labels]
    for each in predictions:
        assert list(each["probabilities"]) == workspace.CLASSES
        assert sum(each["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert max(each["probabilities"], key=each["probabilities"].get) == each["class"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["NaN", "huge", "no batch", "rows of different lengths", "an empty batch"])
def test_the_server_answers_a_wrong_input_with_400_and_one_clear_message(served, name):
    values, message = REFUSED[name]
    status, answer = servers.ask(served[1], json.dumps({"inputs": values}))
    assert status == 400
    assert answer["message"].startswith("inputs: ")
    assert answer["message"].endswith(message)
    assert "stack_trace" not in answer


@pytest.mark.slow
def test_the_printed_example_works_as_it_is(served):
    _, _, log = served
    folder = log.parent
    line = servers.printed(log, r"^ *(curl .*)$")
    done = subprocess.run(shlex.split(line), cwd=folder, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["predictions"][0]["class"] == workspace.CLASSES[0]


@pytest.mark.slow
def test_servers_print_no_warnings_of_the_libraries_that_they_use(served, ui):
    assert servers.first_link(ui[2])
    printed = served[2].read_text() + ui[2].read_text()
    found = re.findall(r"(?i).*(?:warn|deprecat|onednn|cuda|starlette).*", printed)
    assert not [line for line in found if "invalid Host header" not in line]  # which other tests have asked with


@pytest.mark.slow
def test_ctrl_c_ends_servers_and_leaves_nothing_behind(served, ui):
    for process, port, _ in (served, ui):  # the last test of both
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert not servers.answers(port)


@pytest.mark.slow
def test_without_a_champion_the_remedy_is_named(tmp_path, monkeypatch):
    workspace.enter(tmp_path, monkeypatch)
    workspace.describe(workspace.USUAL)
    done = subprocess.run(
        [sys.executable, "-m", "hemline", "serve"],
        cwd=tmp_path,
        env=workspace.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "error: tiny: has no champion to serve; run `make promote`\n"
