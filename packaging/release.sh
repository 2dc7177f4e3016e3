#!/bin/sh
# Makes a release from the commit that is checked out, into dist/: programs, packages,
# an image, and their checksums. The same commit, version and Go give the same bytes.
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
# A settings file that works with this release goes on to work, which a test holds by it.
if ! cmp -s config.example.yaml "config/testdata/$version.yaml" || ! grep -q "^## $version (" CHANGELOG.md; then
	cat >&2 <<-EOF
		CHANGELOG.md must have a section "## $version (date)", and the settings file of this
		release be kept: cp config.example.yaml config/testdata/$version.yaml
	EOF
	exit 1
fi
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
LC_ALL=C TZ=UTC GOFLAGS='' GOAMD64=v1 GOARM64=v8.0
export SOURCE_DATE_EPOCH LC_ALL TZ GOFLAGS GOAMD64 GOARM64
umask 022
rm -rf dist
build=$(mktemp -d) && trap 'rm -rf "$build"' EXIT

# What all architectures share.
mkdir -p dist "$build/share"
go run ./packaging/pages "$build"
gzip -9n "$build"/man1/*.1
sh packaging/snippets.sh "$build/share/nginx"
for folder in packaging/*/; do
	case $folder in
	packaging/image/ | packaging/pages/ | packaging/scripts/ | packaging/systemd/ | packaging/test/) ;; # what makes packages
	*) cp -R "$folder" "$build/share/$(basename "$folder")" ;;                                          # what people use
	esac
done
mkdir "$build/doc"
cp -R README.md CONTRIBUTING.md SECURITY.md config.example.yaml docs "$build/doc"
sed 's/^\([a-z_][a-z_]*:\)/#\1/' config.example.yaml >"$build/moserver.yaml"
printf 'moserver-sidecar (%s) unstable; urgency=medium\n\n  * CHANGELOG.md says what is new.\n\n -- %s  %s\n' "$version" \
	"$(sed -n 's/^maintainer: //p' packaging/nfpm.yaml)" "$(date -uRd "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$build/changelog.gz"
{
	echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
	echo
	echo 'Files: *'
	echo 'Copyright: 2026 the moserver-sidecar authors'
	echo 'License: Apache-2.0'
	echo ' On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.'
} >"$build/copyright"
rm -f "$build"/share/*/*.test.yml
chmod -R u=rwX,go=rX "$build" # whatever umask the sources were checked out with

for arch in amd64 arm64; do
	echo "== $arch"
	program=dist/moserver-sidecar_${version}_linux_$arch
	CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -buildvcs=false -o "$program" \
		-ldflags "-s -w -X moserver-sidecar/commands.release=$version" .
	cp "$program" "$build/moserver-sidecar"
	for format in deb rpm; do
		group=www-data && [ $format = deb ] || group=apache # where distributions with .rpm run PHP
		rm -rf "$build/units" && sh packaging/units.sh $group "$build/units"
		BUILD=$build ARCH=$arch VERSION=$version \
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
