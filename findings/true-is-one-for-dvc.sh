#!/usr/bin/env bash
# Guess: when a parameter of a stage is changed from 0 to false, or from 1 to true or 1.0, DVC runs the stage again:
# the file is another one, and the program reads another type.
# What happens: values are compared as Python does, where 0 == False and 1 == 1.0 == True, also deep in lists. `dvc
# status` says that all is up to date, `dvc repro` runs nothing, and dvc.lock keeps the old value. `dvc params diff` is
# silent about 0 and false, but shows the list.
# Versions: dvc 3.67.1.
# Why it matters: `class_weights: 1` and `class_weights: true`, `early_stopping: 0` (epochs of patience) and `false`
# mean different things to a program. What is in the lock file is then not what the next run uses.
# Guard: hemline/schema.py is strict: no key takes both a number and a switch, and 1 and 1.0 mean the same to every
# key.
set -euo pipefail
source "$(dirname "$0")/lib/fresh.sh"
fresh dvc==3.67.1
export HOME="$work" DVC_NO_ANALYTICS=1
git init --quiet repository
cd repository
git config user.name nobody
git config user.email nobody@example.org
dvc init --quiet
printf '%s\n' 'patience: 0' 'weights: 1' 'layers: [1, 0]' >params.yaml
printf '%s\n' 'stages:' '  train:' '    cmd: cp params.yaml used' '    params: [patience, weights, layers]' '    outs: [used]' >dvc.yaml
dvc repro --quiet
git add --all
git commit --quiet --message start
printf '%s\n' 'patience: false' 'weights: true' 'layers: [1.0, false]' >params.yaml
status=$(dvc status)
repro=$(dvc repro)
difference=$(dvc params diff)
printf '%s\n' "status: $status" "repro:  $repro" "params diff: $difference" "used by the stage:" "$(cat used)"
[[ $status == *"up to date"* && $repro == *"didn't change, skipping"* ]]
[[ $difference == *layers* && $difference != *patience* && $difference != *weights* ]]
grep --quiet 'patience: 0' used
printf '%s\n' "patience: '0'" 'weights: 1' 'layers: [1, 0]' >params.yaml
[[ $(dvc status) == *modified*patience* ]] && echo "a string '0' is a change"
