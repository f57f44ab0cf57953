# The everyday commands. CMakePresets.json has the builds behind them.
PREFIX ?= /usr/local
DEMO_ARGS ?=
SOAK_ARGS ?=

.PHONY: all deb demo test bench soak coverage cppcheck tidy valgrind tsan format install clean

all:
	@.ci/deps
	@cmake --preset release >/dev/null
	cmake --build --preset release

# Installs what is missing, builds, and runs the main job on the embedded sandbox. DEMO_ARGS="--once" checks and ends.
demo:
	@.ci/deps
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev --target sluice sluice-sandbox
	@build/dev/sluice demo $(DEMO_ARGS)

# Installs what is missing, builds, and runs every test.
test:
	@.ci/deps test
	@.ci/test

# A Debian package of a release build, in build/deb.
deb: all
	@.ci/deb build/release build/deb

# Micro benchmarks and whole windows over loopback; results go to build/bench.
bench:
	@.ci/deps test
	@cmake --preset release >/dev/null
	@cmake --build --preset release --target sluice sluice-sandbox sluice_bench sluice_scheduler_bench
	@tests/bench/run

# The long campaigns: real faults, many more seeds, an hour of each fuzzer. SOAK_ARGS="chaos --seconds 600" runs one.
soak:
	@.ci/deps soak
	@tests/soak/run $(SOAK_ARGS)

# Lines and branches that the unit tests and the simulation execute; minutes to an hour, it is a build of its own.
coverage:
	@.ci/deps test
	@tests/coverage

# Static analysis of what is shipped, a minute.
cppcheck:
	@.ci/deps analysis
	@.ci/cppcheck

# clang-tidy over the same, half an hour.
tidy:
	@.ci/deps analysis
	@.ci/tidy

# Reads of uninitialised bytes, and leaks: some unit tests and a whole window under memcheck.
valgrind:
	@.ci/deps analysis
	@.ci/valgrind

# Data races and deadlocks between the program's threads; a build of its own, the end-to-end files with it.
tsan:
	@.ci/deps test
	@.ci/tsan

format:
	@git ls-files '*.hpp' '*.cpp' | xargs clang-format -i

# Below PREFIX, and into /etc/sluice settings where none are; with DESTDIR below that. User and folders, as root:
# systemd-sysusers && systemd-tmpfiles --create sluice.conf && systemctl daemon-reload && systemctl enable --now sluice
install: all
	cmake --install build/release --prefix $(PREFIX)

clean:
	rm -rf build
