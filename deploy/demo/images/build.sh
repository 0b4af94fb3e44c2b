#!/usr/bin/env bash
# Makes the demo's two images from what is on this machine; no registry is asked:
#
#   evenkeel-demo/product:local   the static binary given as the first argument
#   evenkeel-demo/nginx:local     this host's nginx with the libraries that it needs
#
# An image whose content is unchanged is left alone, so that its containers stay up to date.
#
# usage: build.sh PRODUCT-BINARY
set -euo pipefail

product=${1:?usage: build.sh PRODUCT-BINARY}
label=dev.evenkeel.demo.content
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# import_image NAME ROOT CHANGE... makes an image of the folder ROOT unless NAME already is that.
import_image() {
  local name=$1 root=$2 tarball=$work/image.tar content old
  shift 2
  # Same content, same bytes: neither times nor the order of the folder may enter the hash.
  tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$tarball" .
  content=$( (cat "$tarball"; printf '%s\n' "$@") | sha256sum | cut -d' ' -f1)
  if [ "$(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$name" 2>/dev/null)" = "$content" ]; then
    echo "$name is up to date"
    return
  fi
  local changes=()
  for change in "$@" "LABEL $label=$content"; do changes+=(--change "$change"); done
  old=$(docker image inspect --format '{{.Id}}' "$name" 2>/dev/null || true)
  docker import "${changes[@]}" "$tarball" "$name" >/dev/null
  # The image that lost its name goes, unless a container still uses it.
  if [ -n "$old" ]; then docker image rm "$old" >/dev/null 2>&1 || true; fi
  echo "$name made"
}

root=$work/product
mkdir -p "$root/tmp"
install -m 755 "$product" "$root/product"
if ldd "$root/product" >/dev/null 2>&1; then # ldd fails on a static binary
  echo "build.sh: $product is not static; build it with CGO_ENABLED=0" >&2
  exit 2
fi
import_image evenkeel-demo/product:local "$root" 'ENTRYPOINT ["/product"]' 'USER 65534:65534'

nginx=$(PATH=$PATH:/usr/sbin:/sbin command -v nginx) || {
  echo "build.sh: nginx is not installed; install it (apt-get install nginx-light)" >&2
  exit 3
}
root=$work/nginx
mkdir -p "$root"/{etc/nginx/evenkeel,run,tmp,usr/sbin,var/lib/nginx,var/lock,var/log/nginx}
chmod 1777 "$root/tmp"
install -m 755 "$nginx" "$root/usr/sbin/nginx"
install -m 644 /etc/nginx/mime.types "$root/etc/nginx/mime.types"
printf '%s\n' 'root:x:0:0:root:/:/' 'nobody:x:65534:65534:nobody:/:/' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$root/etc/group"
# "name => /path (address)", and the loader as "/path (address)".
ldd "$nginx" | grep -oE '/[^ ]+' | sort -u | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  install -m 755 "$(readlink -f "$library")" "$root$library"
done
import_image evenkeel-demo/nginx:local "$root" 'ENTRYPOINT ["/usr/sbin/nginx", "-g", "daemon off;"]'
