# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Other people's programs that tests and benchmarks need, built or installed once into the cache
# folder. Needs common.sh. What is pinned stands in tests/peers/; the cache key is a checksum over
# that, so that a new version gets a new folder and the old one stays for older checkouts.
# Every peer is a pair of functions: peer_NAME_path prints where it is used from, peer_NAME_make
# makes it in the folder given, and returns 77 (CS_SKIP) where this machine cannot have it.

# shellcheck disable=SC2034 # used by those who source this
CS_PEERS="agents otelcol python python_tests propagators functions_framework python_servers javascript serverless servers"
CS_BENCH_PEERS="overhead_node overhead_python" # only what a benchmark is compared with
CS_PEER_LIMIT=${COLDSPAN_PEER_LIMIT:-900} # seconds for one peer, downloads included

# peer_dir NAME SOURCE_FOLDER
peer_dir() {
	local sum
	sum=$(cd "$CS_ROOT/tests/peers/$2" && find . -type f ! -name '.*' | LC_ALL=C sort | xargs cat |
		sha256sum | cut -c 1-12)
	printf '%s/%s-%s\n' "$CS_CACHE" "$1" "$sum"
}

# --- from Go modules: the OpenTelemetry Collector ---------------------------------------------------

# peer_go TARGET SOURCE_FOLDER WHAT PACKAGE…
peer_go() {
	local target=$1 source=$2 what=$3 go found
	shift 3
	go=$(command -v go || echo /usr/local/go/bin/go)
	if [ ! -x "$go" ]; then
		say "SKIP: $what is built with Go 1.25 or newer, and there is no go"
		return 77
	fi
	found=$("$go" env GOVERSION)
	if ! version_at_least "${found#go}" 1.25; then
		say "SKIP: $what is built with Go 1.25 or newer; this is $found"
		return 77
	fi
	(cd "$CS_ROOT/tests/peers/$source" &&
		GOTOOLCHAIN=local GOFLAGS='-buildvcs=false -mod=readonly' CGO_ENABLED=0 nice "$go" build \
			-p "$CS_JOBS" -trimpath -tags=remove_all_sd -ldflags='-s -w' -o "$target" "$@")
}

peer_otelcol_path() { printf '%s/otelcol\n' "$(peer_dir otelcol otelcol)"; }

peer_otelcol_make() { peer_go "$1/otelcol" otelcol 'the OpenTelemetry Collector' .; }

# --- from PyPI: the official OTLP classes; OpenTelemetry's propagators; servers that are watched ------

# peer_venv FOLDER SOURCE_FOLDER
peer_venv() {
	python3 -m venv "$1" &&
		"$1/bin/python3" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
			-r "$CS_ROOT/tests/peers/$2/requirements.txt"
}

peer_python_path() { printf '%s/bin/python3\n' "$(peer_dir python python)"; }
peer_python_make() { peer_venv "$1" python; }

peer_propagators_path() { printf '%s/bin/python3\n' "$(peer_dir propagators propagators)"; }
peer_propagators_make() { peer_venv "$1" propagators; }

peer_overhead_python_path() { printf '%s/bin\n' "$(peer_dir overhead_python overhead_python)"; }
peer_overhead_python_make() { peer_venv "$1" overhead_python; }

peer_python_servers_path() { printf '%s/bin\n' "$(peer_dir python_servers python_servers)"; }
peer_python_servers_make() { peer_venv "$1" python_servers; }

# --- from npm: Google's functions-framework; other JavaScript runtimes; serverless-offline --------

# peer_npm FOLDER SOURCE_FOLDER
peer_npm() {
	if ! have npm; then
		say "SKIP: tests/peers/$2 is installed with npm, and there is no npm"
		return 77
	fi
	cp "$CS_ROOT/tests/peers/$2/package.json" "$1/" &&
		npm install --prefix "$1" --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel=error
}

peer_functions_framework_path() {
	printf '%s/node_modules/.bin/functions-framework\n' "$(peer_dir functions_framework node)"
}
peer_functions_framework_make() { peer_npm "$1" node; }

peer_javascript_path() { printf '%s/node_modules\n' "$(peer_dir javascript javascript)"; }
peer_javascript_make() { peer_npm "$1" javascript; }

peer_overhead_node_path() { printf '%s/node_modules\n' "$(peer_dir overhead_node overhead_node)"; }
peer_overhead_node_make() { peer_npm "$1" overhead_node; }

peer_serverless_path() { printf '%s/node_modules\n' "$(peer_dir serverless serverless)"; }
peer_serverless_make() { peer_npm "$1" serverless; }

# --- from Debian: servers that would be started, and started at every boot, if they were installed;
# libraries that others preload

# peer_debian FOLDER SOURCE_FOLDER: unpacked, not installed
peer_debian() {
	local names file
	if ! have apt-get || ! have dpkg-deb; then
		say "SKIP: tests/peers/$2 is unpacked from Debian packages, and there is no apt-get"
		return 77
	fi
	mapfile -t names <"$CS_ROOT/tests/peers/$2/packages.txt"
	mkdir "$1/packages" "$1/root"
	(cd "$1/packages" && { apt-get -q -o APT::Sandbox::User=root download "${names[@]}" ||
		{ peer_lists && apt-get -q -o APT::Sandbox::User=root download "${names[@]}"; }; }) || return
	for file in "$1"/packages/*.deb; do
		dpkg-deb --extract "$file" "$1/root" || return
	done
}

peer_servers_path() { printf '%s/root\n' "$(peer_dir servers servers)"; }
peer_servers_make() { peer_debian "$1" servers; }

peer_agents_path() { printf '%s/root\n' "$(peer_dir agents agents)"; }
peer_agents_make() { peer_debian "$1" agents; }

# CPython's own tests: of one version, which has to be that of the interpreter.
peer_python_tests_path() { printf '%s/root/usr/lib/python3.11/test\n' "$(peer_dir python_tests python_tests)"; }
peer_python_tests_make() {
	if [ ! -x /usr/bin/python3.11 ]; then
		say "SKIP: tests/peers/python_tests are those of Debian's Python 3.11, and there is none"
		return 77
	fi
	peer_debian "$1" python_tests
}

# peer_lists: new package lists; where they are out of date, what they name is gone.
peer_lists() {
	local root=()
	[ "$(id -u)" = 0 ] || root=(sudo -n)
	"${root[@]}" apt-get -q -o DPkg::Lock::Timeout=300 update
}

# --- making ---------------------------------------------------------------------------------------

# peer_home NAME: the folder of its own in the cache.
peer_home() {
	local path
	path=$("peer_$1_path")
	path=${path#"$CS_CACHE"/}
	printf '%s/%s\n' "$CS_CACHE" "${path%%/*}"
}

# peer_ready NAME: is it in the cache?
peer_ready() { [ -e "$(peer_home "$1")/.whole" ]; }

# peer_make NAME: makes what is missing; two at once wait for each other. Its words go to stderr.
# It is made in place, since a venv holds its own path; the mark .whole is written last.
peer_make() {
	local name=$1 path dir rc=0
	path=$("peer_${name}_path")
	dir=$(peer_home "$name")
	mkdir -p "$CS_CACHE"
	(
		flock 9
		[ -e "$dir/.whole" ] && exit 0
		warn "peer $name: making it in $dir (at most $CS_PEER_LIMIT s)"
		peer_try "$name" "$dir" || {
			rc=$?
			[ $rc = 77 ] && exit 77
			warn "peer $name: failed ($rc), trying once more"
			peer_try "$name" "$dir" || exit $?
		}
		[ -x "$path" ] || exit 1
		touch "$dir/.whole"
	) 9>"$CS_CACHE/$name.lock" >&2 || rc=$?
	[ $rc = 0 ] || rm -rf "$dir"
	return $rc
}

# peer_try NAME FOLDER: one attempt, in an empty folder.
peer_try() {
	rm -rf "$2"
	mkdir -p "$2"
	peer_limited "peer_$1_make" "$2"
}

# A shell function cannot be given to timeout(1); this file can.
peer_limited() { timeout --kill-after=10 "$CS_PEER_LIMIT" "$CS_ROOT/script/peers" --make "$@" </dev/null; }

# --- AWS's runtime interface client for Python ----------------------------------------------------

CS_PEERS+=" awslambdaric"
peer_awslambdaric_path() { printf '%s/bin/python3\n' "$(peer_dir awslambdaric awslambdaric)"; }
peer_awslambdaric_make() { peer_venv "$1" awslambdaric; }

# --- and for Node.js, whose native part is built here ----------------------------------------------

CS_PEERS+=" nodejs_ric"
peer_nodejs_ric_path() { printf '%s/node_modules/aws-lambda-ric/index.mjs\n' "$(peer_dir nodejs_ric nodejs_ric)"; }

# What it is built against is not installed with it. Node's own headers are taken where they are here;
# else node-gyp fetches them.
peer_nodejs_ric_make() {
	local tool prefix
	for tool in node npm make cmake g++; do
		if ! have $tool; then
			say "SKIP: aws-lambda-ric is built from npm with $tool, and there is no $tool"
			return 77
		fi
	done
	prefix=$(node -p 'require("path").resolve(process.execPath, "../..")')
	[ ! -e "$prefix/include/node/node_api.h" ] || export npm_config_nodedir=$prefix
	cp "$CS_ROOT/tests/peers/nodejs_ric/package.json" "$1/" &&
		nice npm install --prefix "$1" --no-audit --no-fund --no-package-lock --loglevel=error
}

# --- and for Java, with its native library, from Maven ---------------------------------------------

CS_PEERS+=" java_ric"
peer_java_ric_path() { printf '%s/lib\n' "$(peer_dir java_ric java_ric)"; }

peer_java_ric_make() { peer_maven "$1" java_ric; }

# peer_maven FOLDER SOURCE_FOLDER: what its pom.xml names, and all that needs, into FOLDER/lib.
peer_maven() {
	if ! have mvn || ! have javac; then
		say "SKIP: tests/peers/$2 is fetched with Maven, and there is no mvn or no javac"
		return 77
	fi
	mvn --batch-mode --quiet --file "$CS_ROOT/tests/peers/$2/pom.xml" \
		-DincludeScope=runtime -DoutputDirectory="$1/lib" dependency:copy-dependencies
}

# --- OpenTelemetry's SDK for Node.js and Java (that for Python is among the propagators) -------------

CS_PEERS+=" sdk_node sdk_java"
peer_sdk_node_path() { printf '%s/node_modules\n' "$(peer_dir sdk_node sdk_node)"; }
peer_sdk_node_make() { peer_npm "$1" sdk_node; }
peer_sdk_java_path() { printf '%s/lib\n' "$(peer_dir sdk_java sdk_java)"; }
peer_sdk_java_make() { peer_maven "$1" sdk_java; }

# --- and its detectors of resources, for Node.js -----------------------------------------------------

CS_PEERS+=" detectors"
peer_detectors_path() { printf '%s/node_modules\n' "$(peer_dir detectors detectors)"; }
peer_detectors_make() { peer_npm "$1" detectors; }

# --- and its instrumentation for Java, which changes no program -------------------------------------------------------------------

CS_BENCH_PEERS+=" overhead_java"
peer_overhead_java_path() { printf '%s/lib\n' "$(peer_dir overhead_java overhead_java)"; }
peer_overhead_java_make() { peer_maven "$1" overhead_java; }

# --- and for Rust, in a function that is built here ------------------------------------------------

CS_PEERS+=" rust_ric"
peer_rust_ric_path() { printf '%s/probe\n' "$(peer_dir rust_ric rust_ric)"; }

peer_rust_ric_make() {
	local found
	found=$(cargo --version 2>/dev/null | cut -d ' ' -f 2)
	if ! version_at_least "${found:-0}" 1.85; then
		say "SKIP: lambda_runtime is built with Rust 1.85 or newer; this is ${found:-none}"
		return 77
	fi
	cp -r "$CS_ROOT/tests/peers/rust_ric/." "$1/" &&
		nice cargo build --quiet --release --jobs "$CS_JOBS" --manifest-path "$1/Cargo.toml" --target-dir "$1/target" &&
		mv "$1/target/release/probe" "$1/" && rm -r "$1/target"
}

# --- databases, which a test starts for itself, and their clients ----------------------------------

CS_PEERS+=" databases databases_node databases_python"
peer_databases_path() { printf '%s/root\n' "$(peer_dir databases databases)"; }
peer_databases_make() { peer_debian "$1" databases; }
peer_databases_node_path() { printf '%s/node_modules\n' "$(peer_dir databases_node databases_node)"; }
peer_databases_node_make() { peer_npm "$1" databases_node; }
peer_databases_python_path() { printf '%s/bin/python3\n' "$(peer_dir databases_python databases_python)"; }
peer_databases_python_make() { peer_venv "$1" databases_python; }

CS_PEERS+=" databases_java databases_debian"
peer_databases_java_path() { printf '%s/lib\n' "$(peer_dir databases_java databases_java)"; }
peer_databases_java_make() { peer_maven "$1" databases_java; }
peer_databases_debian_path() { printf '%s/root\n' "$(peer_dir databases_debian databases_debian)"; } # for PHP and Ruby
peer_databases_debian_make() { peer_debian "$1" databases_debian; }

# --- clients of HTTP, for Python --------------------------------------------------------------------

CS_PEERS+=" clients_python"
peer_clients_python_path() { printf '%s/bin/python3\n' "$(peer_dir clients_python clients_python)"; }
peer_clients_python_make() { peer_venv "$1" clients_python; }

# --- who reads what `coldspan assert` writes: parsers, a linter of workflows, a browser ---------------

CS_PEERS+=" readers_python readers_node actionlint chromium"
peer_readers_python_path() { printf '%s/bin\n' "$(peer_dir readers_python readers_python)"; }
peer_readers_python_make() { peer_venv "$1" readers_python; }
peer_readers_node_path() { printf '%s/node_modules\n' "$(peer_dir readers_node readers_node)"; }
peer_readers_node_make() { peer_npm "$1" readers_node; }

peer_actionlint_path() { printf '%s/actionlint\n' "$(peer_dir actionlint actionlint)"; }
peer_actionlint_make() {
	peer_go "$1/actionlint" actionlint actionlint github.com/rhysd/actionlint/cmd/actionlint
}

# With xmllint. What is not in the list is on any machine that has a font: it is told where it is not.
peer_chromium_path() { printf '%s/root\n' "$(peer_dir chromium chromium)"; }
peer_chromium_make() { peer_debian "$1" chromium; }

# --- who reads metrics, and what boards are made with -----------------------------------------------

CS_PEERS+=" prometheus boards"
peer_prometheus_path() { printf '%s/root/usr/bin\n' "$(peer_dir prometheus prometheus)"; }
peer_prometheus_make() { peer_debian "$1" prometheus; }
peer_boards_path() { printf '%s/node_modules\n' "$(peer_dir boards boards)"; }
peer_boards_make() { peer_npm "$1" boards; }

# The newest Prometheus whose module can be had, without what discovers services of clouds and without its pages.
CS_PEERS+=" prometheus_current"
peer_prometheus_current_path() { printf '%s/bin\n' "$(peer_dir prometheus_current prometheus_current)"; }
peer_prometheus_current_make() {
	peer_go "$1/bin/" prometheus_current 'a current Prometheus' \
		github.com/prometheus/prometheus/cmd/prometheus github.com/prometheus/prometheus/cmd/promtool
}

# --- Grafana's panels, of which a test draws boards --------------------------------------------------

CS_PEERS+=" grafana_scenes"
peer_grafana_scenes_path() { printf '%s/node_modules\n' "$(peer_dir grafana_scenes grafana_scenes)"; }

# Its scripts are not run; esbuild's program comes as a package of its own.
peer_grafana_scenes_make() { peer_npm "$1" grafana_scenes; }

CS_PEERS+=" grafana_types jsonnet"
# Grafana's types, with the compiler that reads them.
peer_grafana_types_path() { printf '%s/node_modules\n' "$(peer_dir grafana_types grafana_types)"; }
peer_grafana_types_make() { peer_npm "$1" grafana_types; }
peer_jsonnet_path() { printf '%s/root\n' "$(peer_dir jsonnet jsonnet)"; }
peer_jsonnet_make() { peer_debian "$1" jsonnet; }

# --- servers of HTTP that functions' frameworks stand on (those in Ruby are Debian's) ----------------

CS_PEERS+=" frameworks_python frameworks_node frameworks_java"
peer_frameworks_python_path() { printf '%s/bin\n' "$(peer_dir frameworks_python frameworks_python)"; }
peer_frameworks_python_make() { peer_venv "$1" frameworks_python; }
peer_frameworks_node_path() { printf '%s/node_modules\n' "$(peer_dir frameworks_node frameworks_node)"; }
peer_frameworks_node_make() { peer_npm "$1" frameworks_node; }
peer_frameworks_java_path() { printf '%s/lib\n' "$(peer_dir frameworks_java frameworks_java)"; }
peer_frameworks_java_make() { peer_maven "$1" frameworks_java; }
