# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Configuring and building, the same way for every script. Needs common.sh.

# cs_configure DIR [meson option…]: sets a build folder up, or brings an existing one to these options.
# meson's words are shown only where it fails; they stand in DIR.log until it has passed.
cs_configure() {
	local dir=$1 again=()
	shift
	[ -f "$dir/build.ninja" ] && again=(--reconfigure)
	say "configuring ${dir#"$CS_ROOT/"} with ${CC:-cc}${*:+ $*}"
	if ! meson setup "${again[@]}" "$dir" "$CS_ROOT" "$@" >"$dir.log" 2>&1; then
		cat "$dir.log" >&2
		return 1
	fi
	rm -f "$dir.log"
}

# cs_need_plain_path: LD_PRELOAD is split at spaces and colons, and tests preload from the build folder.
cs_need_plain_path() {
	case $CS_ROOT in
	*[[:space:]:]*) die "the path of this clone holds a space or a colon, which LD_PRELOAD cannot: move it" ;;
	esac
}

# cs_compile DIR [target…]
cs_compile() {
	local dir=$1
	shift
	ninja --quiet -C "$dir" -j "$CS_JOBS" "$@"
}
