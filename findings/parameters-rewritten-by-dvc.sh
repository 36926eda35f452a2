#!/usr/bin/env bash
# Guess: `dvc exp run -S learning_rate=1e-5` changes one value in params.yaml, and a script that reads the file with
# PyYAML has 0.00001.
# What happens: DVC writes YAML 1.2 and leaves out what quotes 1.2 does not need. PyYAML reads 1.1: `1e-05` is a string
# there, and the keys that nobody touched change as well: 'no' becomes False, 'on' True, '12:30' the number 750 (base
# 60), and 010, which DVC reads as 10, has been 8 all along.
# Versions: dvc 3.67.1, ruamel.yaml 0.19.1, PyYAML 6.0.3.
# Why it matters: yaml.safe_load(open("params.yaml")) is how most stages read their parameters; class names (no, on, y)
# and small learning rates are what stands there.
# Guard: read_yaml in hemline/schema.py reads YAML 1.2, as DVC does; MLflow is given values, not the file.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh dvc==3.67.1 ruamel.yaml==0.19.1 PyYAML==6.0.3
export HOME="$work" DVC_NO_ANALYTICS=1
git init --quiet repository
cd repository
git config user.name nobody
git config user.email nobody@example.org
dvc init --quiet
printf '%s\n' 'learning_rate: 0.001' "absent: 'no'" "present: 'on'" "time: '12:30'" 'code: 010' >params.yaml
printf '%s\n' 'stages:' '  train:' '    cmd: echo trained > model' '    params: [learning_rate]' '    outs: [model]' >dvc.yaml
dvc repro --quiet
git add --all
git commit --quiet --message start
read_it='import sys, yaml; print(yaml.safe_load(open("params.yaml")))'
echo "PyYAML before: $(python -c "$read_it")"
dvc exp run --quiet -S learning_rate=1e-5
cat params.yaml
echo "PyYAML after:  $(python -c "$read_it")"
python - <<'END'
import yaml
from ruamel.yaml import YAML

with open("params.yaml") as file:
    old = yaml.safe_load(file)
with open("params.yaml") as file:
    new = YAML(typ="safe").load(file)
print("YAML 1.2:     ", new)
assert old == {"learning_rate": "1e-05", "absent": False, "present": True, "time": 750, "code": 8}, "changed"
assert new == {"learning_rate": 1e-05, "absent": "no", "present": "on", "time": "12:30", "code": 10}
END
