# Sourced by what keeps a download unpacked in the cache folder. `name` tells who speaks, `prefix` how its folders begin.
# A folder appears by one rename when it is complete, so a partial download is never taken for one.

cache="${CTAPLAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ctaplab}"
mkdir -p "$cache"

fail() {
  echo "$name: $*" >&2
  exit 1
}

# Prints the newest folder that is there and ends; ends with 1 where there is none and --cached asks for no download.
end_with_cached() {
  local have
  have="$(find "$cache" -mindepth 1 -maxdepth 1 -type d -name "$prefix*" | sort -V | tail -n 1)"
  if [ -n "$have" ]; then
    echo "$have"
    exit 0
  fi
  if [ "${1:-}" = --cached ]; then exit 1; fi
}

need() {
  local tool
  for tool in "$@"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "$tool" >/dev/null || fail "expected the program $tool, found none; run scripts/setup on Debian 12"
  done
}

# Makes the folder `work`, which goes when the script ends.
make_work() {
  work="$(mktemp -d "$cache/partial.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
}

# Moves a complete folder to its name, and prints that. Two downloads at once both end here; the second keeps the first's.
keep() {
  local target="$cache/$2"
  mv -T "$1" "$target" 2>/dev/null || [ -d "$target" ] || fail "could not move the unpacked files to $target"
  echo "$target"
}
