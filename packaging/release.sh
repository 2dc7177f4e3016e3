#!/bin/sh
# Makes a release from the commit that is checked out, into dist/: programs, packages,
# an image, and their checksums. The same commit and version give the same bytes.
#
#     packaging/release.sh 1.0.0
set -eu
version=${1:-}
case $version in
[0-9]*.[0-9]*.[0-9]*) ;;
*) echo "which version? make release VERSION=1.0.0" >&2 && exit 2 ;;
esac
cd "$(dirname "$0")/.."
if [ -n "$(git status --porcelain)" ]; then
	echo "there are changes that no commit has; commit them first" >&2 && exit 1
fi
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
LC_ALL=C TZ=UTC
export SOURCE_DATE_EPOCH LC_ALL TZ
umask 022
rm -rf dist
build=$(mktemp -d) && trap 'rm -rf "$build"' EXIT

# What all architectures share.
mkdir -p dist "$build/nginx"
go run ./packaging/pages "$build"
gzip -9n "$build"/man1/*.1
cp docker/moserver-*.conf "$build/nginx/"
sed 's/^\([a-z_][a-z_]*:\)/#\1/' config.example.yaml >"$build/moserver.yaml"
gzip -9nc CHANGELOG.md >"$build/changelog.gz"
{
	echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
	echo
	echo 'Files: *'
	echo 'Copyright: the moserver-sidecar authors'
	echo 'License: Apache-2.0'
	echo ' On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.'
} >"$build/copyright"

# units writes the units for a web server's group: those of one site, and as a template
# those of one of several.
units() {
	rm -rf "$build/units" && mkdir "$build/units"
	for unit in service socket; do
		sed "s/www-data/$1/" packaging/systemd/moserver-sidecar.$unit >"$build/units/moserver-sidecar.$unit"
		sed 's/moserver-sidecar\.socket/moserver-sidecar@%i.socket/; s/moserver\.yaml/%i.yaml/; s/token\.sock/%i.sock/
			s/^\(Description=.*\)/\1 (%i)/' "$build/units/moserver-sidecar.$unit" >"$build/units/moserver-sidecar@.$unit"
	done
}

for arch in amd64 arm64; do
	echo "== $arch"
	program=dist/moserver-sidecar_${version}_linux_$arch
	CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -o "$program" \
		-ldflags "-s -w -X moserver-sidecar/commands.release=$version" .
	cp "$program" "$build/moserver-sidecar"
	for format in deb rpm; do
		group=www-data && [ $format = deb ] || group=apache # where distributions with .rpm run PHP
		units $group
		BUILD=$build ARCH=$arch VERSION=$version WEB_GROUP=$group \
			go run $nfpm package --config packaging/nfpm.yaml --packager $format --target dist/
	done
done

echo "== image"
here=$PWD
go run -C packaging/image . -version "$version" -created "$SOURCE_DATE_EPOCH" -out "$build/image" \
	-amd64 "$here/dist/moserver-sidecar_${version}_linux_amd64" -arm64 "$here/dist/moserver-sidecar_${version}_linux_arm64"
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' \
	-C "$build/image" -cf "dist/moserver-sidecar_${version}_image.tar" .
(cd dist && sha256sum -- * >SHA256SUMS && cat SHA256SUMS)
