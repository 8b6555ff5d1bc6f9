#!/usr/bin/env bash
# tools/packages.sh [--check | --list] SET...   - installs what the sets of tools/packages.list name (Debian 12, apt).
#   --check   prints what is missing and installs nothing; fails if something is
#   --list    prints the packages of the sets
# Quick when nothing is missing: apt is not even asked. No service is started or left enabled by an installation.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
list=${SLUICE_PACKAGES_LIST:-$here/packages.list}
# Packages of ours that bring a service of the same or another name along.
services="nginx:nginx haproxy:haproxy etcd-server:etcd"

die() { echo "packages.sh: $*" >&2; exit 1; }
usage() { sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; echo "sets: $(known_sets | xargs)" >&2; exit 2; }
known_sets() { sed 's/#.*//' "$list" | awk 'NF {print $1}' | sort -u; }
entries() { # entries SET...   - "package|command" or "package", each once
  local set
  for set in "$@"; do
    sed 's/#.*//' "$list" | awk -v set="$set" '$1 == set {print $2}'
  done | sort -u
}
installed() { # installed PACKAGE...   - those of them that are
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u
}
missing() { # missing SET...
  local all have entry
  all=$(entries "$@")
  # shellcheck disable=SC2046  # one word a package is meant
  have=" $(installed $(entries "$@" | cut -d'|' -f1) | xargs) "
  for entry in $all; do
    case "$have" in *" ${entry%%|*} "*) continue ;; esac
    if [ "$entry" != "${entry#*|}" ] && command -v "${entry#*|}" >/dev/null; then continue; fi
    echo "${entry%%|*}"
  done
}
without_services() { # without_services COMMAND...   - meanwhile no service may be started (policy-rc.d answers 101)
  local policy=/usr/sbin/policy-rc.d kept="" result=0
  if [ -e $policy ]; then kept=$(mktemp -p /usr/sbin policy-rc.d.XXXXXX) && mv $policy "$kept"; fi
  # shellcheck disable=SC2064  # the values of now are meant
  trap "if [ -n '$kept' ]; then mv '$kept' $policy; else rm -f $policy; fi" EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
  "$@" || result=$?
  if [ -n "$kept" ]; then mv "$kept" $policy; else rm -f $policy; fi
  trap - EXIT INT TERM HUP
  return $result
}
install() { # install PACKAGE...
  export DEBIAN_FRONTEND=noninteractive
  local options=(-q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3) pair
  apt-get "${options[@]}" update || die "apt-get update failed: is the network there?"
  without_services apt-get "${options[@]}" install -y --no-install-recommends "$@" ||
    die "apt-get could not install all of: $*"
  for pair in $services; do  # Only what we brought: who had it before wanted its service.
    case " $* " in *" ${pair%%:*} "*) update-rc.d "${pair#*:}" disable >/dev/null 2>&1 || true ;; esac
  done
}

action=install
case "${1:-}" in
  --check | --list) action=${1#--}; shift ;;
esac
[ $# -gt 0 ] || usage
for name in "$@"; do known_sets | grep -qx -- "$name" || { echo "packages.sh: no set '$name'" >&2; usage; }; done
if [ "$action" = list ]; then entries "$@" | cut -d'|' -f1; exit 0; fi
for tool in apt-get dpkg-query; do
  command -v $tool >/dev/null ||
    die "no $tool: this script knows Debian 12 only; install by hand: $("$0" --list "$@" | xargs)"
done

wanted=$(missing "$@")
if [ -z "$wanted" ]; then echo "packages: all of $* are installed"; exit 0; fi
echo "packages: missing: $(echo "$wanted" | xargs)"
[ "$action" = install ] || exit 1
[ "$(id -u)" = 0 ] || die "only root can install them: sudo $0 $*"
# shellcheck disable=SC1091
if ! (. /etc/os-release && [ "${ID:-} ${VERSION_ID:-}" = "debian 12" ]) 2>/dev/null; then
  echo "packages.sh: this is not Debian 12, some names may differ here" >&2
fi
# shellcheck disable=SC2086  # one word a package is meant
install $wanted
wanted=$(missing "$@")
[ -z "$wanted" ] || die "still missing after the installation: $(echo "$wanted" | xargs)"
echo "packages: installed"
