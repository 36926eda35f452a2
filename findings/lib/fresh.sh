# Sourced by every script of this folder: `fresh PACKAGE==VERSION ...` makes a temporary folder with an environment of these
# packages, and enters it. The folder goes when the script ends. With uv, where there is one, this takes seconds.

fresh() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  if command -v uv >/dev/null; then
    uv venv --quiet --python "$(command -v python3)" venv
    uv pip install --quiet --python venv/bin/python "$@"
  else
    python3 -m venv venv
    venv/bin/pip install --quiet --disable-pip-version-check "$@"
  fi
  export PATH="$work/venv/bin:$PATH"
  echo "with $*"
}
