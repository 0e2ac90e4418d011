# Builds libfcn and the fcn command into build/, tests them, installs them: `make help`.
#
# Swift programs need none of this: they name the package and SwiftPM does the rest. The Makefile
# adds what a manifest can only say with unsafeFlags, which would bar the package from being a
# versioned dependency: Swift's runtime inside the library, a private OpenBLAS, a soname, the list
# of exported symbols, loops for instruction sets beyond the platform's least.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
.PHONY: all deps demo test check lint abi sbom sanitize soak fuzz fuzz-kernels fuzz-check install
.PHONY: uninstall wheel static deb dist docs clean help

PREFIX ?= /usr/local
# Below the prefix: where libraries go, such as lib/x86_64-linux-gnu, and what zsh completes by.
LIBDIR ?= lib
ZSHDIR ?= share/zsh/site-functions
DESTDIR ?=
TARGET = $(DESTDIR)$(PREFIX)

# Where Swift's own installers put it, should it not be on the PATH.
export PATH := $(PATH):/opt/swift/usr/bin:$(HOME)/.local/share/swiftly/bin

# The version is the header's. The soname changes with the ABI alone.
macro = $(shell sed -n 's/^\#define $(1)  *"*\([0-9.]*\)"*$$/\1/p' include/fcn.h)
VERSION := $(call macro,FCN_VERSION)
SONAME := libfcn.so.$(call macro,FCN_ABI_VERSION)
LIBRARY := $(SONAME).$(VERSION)
MODEL := $(if $(wildcard models/default.safetensors),share/fcn/default.safetensors)

PYTHON_MODULE := $(wildcard python/fcnswift/*.py) python/fcnswift/py.typed

CMAKE_FILES := fcn-config.cmake fcn-config-version.cmake

# Shells whose completions the command writes, and where each looks for them.
SHELLS := bash zsh fish
BASH_COMPLETION := share/bash-completion/completions/fcn
ZSH_COMPLETION = $(ZSHDIR)/_fcn
FISH_COMPLETION := share/fish/vendor_completions.d/fcn.fish

# Loops for AVX2 and AVX-512, chosen between when the library runs.
ifeq ($(shell uname -m),x86_64)
export FCN_INSTRUCTION_SETS := 1
endif

# Says what is missing before anything is compiled; nothing where nothing has to be.
CHECK := scripts/install-dependencies --check

# What the loader has filled in is only to be read afterwards, and no stack is to be run.
HARDENED := -z relro -z now -z noexecstack

SOURCES := Package.swift $(shell find Sources include -type f)

# One scratch folder for both products; a plain `swift build` keeps to its own, .build.
#
# Two builds of a commit give the same bytes wherever they are made, so without what knows the folder:
# what is for debuggers, the compiler's hashes for its own use (.swift_modhash), a build ID of all that,
# and the package's name, which is the folder's unless it is told: registers depend on it.
SWIFT_BUILD = PKG_CONFIG_PATH="$(CURDIR)/build/openblas:$$PKG_CONFIG_PATH" \
  swift build -c release --scratch-path build/swift --disable-local-rpath \
  -debug-info-format none -Xswiftc -package-name -Xswiftc fcnswift \
  -Xcc -DFCN_PRIVATE_OPENBLAS -Xswiftc -static-stdlib -Xlinker "$(CURDIR)/build/commit.o" \
  -Xlinker --build-id=none $(patsubst %,-Xlinker %,$(HARDENED))

# Optimised, which takes no longer to build and far less to run.
TEST_FLAGS := -c release -Xswiftc -enable-testing --scratch-path build/tests

all: ## build the library and the command into build/ (the default)
all: build/bin/fcn build/lib/libfcn.so build/include/fcn.h build/lib/pkgconfig/fcn.pc
all: $(CMAKE_FILES:%=build/lib/cmake/fcn/%) $(MODEL:%=build/%)
all: build/share/man $(SHELLS:%=build/completions/%)

build/openblas/openblas.pc: scripts/make-private-openblas
	@$(CHECK)
	scripts/make-private-openblas build/openblas

# Linked, not compiled in: another commit is no reason to compile anything anew.
# The clone may be another user's, as where root installs what somebody built.
GIT := git -c safe.directory='*'
COMMIT ?= $(shell $(GIT) describe --always --abbrev=12 --dirty --exclude='*' 2>/dev/null)

build/commit.o: FORCE
	@scripts/make-commit-object "$(COMMIT)" $@
FORCE:

# What was linked goes first, for SwiftPM does not know of commit.o and libfcn.map.
# nodelete: Swift's runtime and our threads' messages must outlive a host's dlclose.
build/lib/$(LIBRARY): $(SOURCES) libfcn.map Makefile build/openblas/openblas.pc build/commit.o
	@$(CHECK)
	@rm -f build/swift/release/libfcn.so
	$(SWIFT_BUILD) --product fcn \
	  -Xlinker -soname=$(SONAME) -Xlinker --version-script="$(CURDIR)/libfcn.map" \
	  -Xlinker -z -Xlinker nodelete
	mkdir -p $(@D)
	scripts/strip-built build/swift/release/libfcn.so $@

build/lib/libfcn.so: build/lib/$(LIBRARY)
	ln -sf $(LIBRARY) build/lib/$(SONAME)
	ln -sf $(SONAME) $@

# After the library, for two SwiftPMs cannot share a scratch folder.
build/bin/fcn: $(SOURCES) Makefile build/openblas/openblas.pc build/commit.o | build/lib/$(LIBRARY)
	@$(CHECK)
	@rm -f build/swift/release/fcn-cli
	$(SWIFT_BUILD) --product fcn-cli
	mkdir -p $(@D)
	scripts/strip-built build/swift/release/fcn-cli $@

build/include/fcn.h: include/fcn.h
build/share/fcn/default.safetensors: models/default.safetensors
build/include/fcn.h build/share/fcn/default.safetensors:
	mkdir -p $(@D)
	cp $< $@

# What a program needs besides, where it takes libfcn.a.
STATIC_LIBRARIES := png16 jpeg z stdc++ m pthread dl

# $(1) is the prefix that the file will name, $(2) the folder of libraries below it.
define pkgconfig
printf '%s\n' 'prefix=$(1)' 'libdir=$${prefix}/$(2)' 'includedir=$${prefix}/include' '' \
  'Name: fcn' 'Description: Semantic segmentation with fully convolutional networks' \
  'Version: $(VERSION)' 'Libs: -L$${libdir} -lfcn' 'Libs.private: $(STATIC_LIBRARIES:%=-l%)' \
  'Cflags: -I$${includedir}'
endef

build/lib/pkgconfig/fcn.pc: Makefile include/fcn.h
	mkdir -p $(@D)
	$(call pkgconfig,$${pcfiledir}/../..,lib) > $@

# $(1) is the file, $(2) the folder of libraries below the prefix, to which it names the way up.
define cmake_file
sed -e 's|@VERSION@|$(VERSION)|; s|@SONAME@|$(SONAME)|' \
  -e 's|@STATIC_LIBRARIES@|$(STATIC_LIBRARIES)|' \
  -e "s|@ROOT@|$$(echo $(2)/cmake/fcn | sed 's|[^/]*|..|g')|" cmake/$(1).in
endef

build/lib/cmake/fcn/%: cmake/%.in Makefile include/fcn.h
	mkdir -p $(@D)
	$(call cmake_file,$*,lib) > $@

# The day that manual pages bear.
SOURCE_DATE_EPOCH ?= $(shell $(GIT) log -1 --format=%ct 2>/dev/null)

# What the command writes of itself: its manual pages, and what shells complete it by.
build/share/man: build/bin/fcn
	rm -rf $@
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) build/bin/fcn man -o $@/man1

build/completions/%: build/bin/fcn
	mkdir -p $(@D)
	build/bin/fcn completions $* > $@

deps: ## install what the build and the tests need, or say what to install
	scripts/install-dependencies

demo: deps ## build, draw a scene, segment it through the C library, leave pictures in build/demo
	$(MAKE) --no-print-directory all
	scripts/demo

test: deps ## run every test, and say what this machine had not the means for
	$(MAKE) --no-print-directory all lint
	scripts/make-python-environment build/python
	MAKE="$(MAKE)" scripts/test-install
	scripts/test-versioned-dependency
	scripts/run-tests build/python $(TEST_FLAGS)

TEST ?=
check: ## TEST=NAME: build what has changed, run the suite or the test of that name alone
	@MAKE="$(MAKE)" scripts/run-one-test "$(TEST)"

lint: ## check the format of the sources and the links of the documentation
	scripts/check-format
	@if command -v python3 >/dev/null; then scripts/check-docs; \
	else echo 'scripts/check-docs: skipped, for there is no python3'; fi
	swift format lint --strict --recursive Sources Tests Package.swift

# A fuzzer of all targets; FCN_FUZZ_TARGET chooses one when it runs. Optimised code still traps.
# AddressSanitizer is the manifest's: SwiftPM would name two sanitizers in another order each time.
build/fuzz/fcn-fuzz: $(SOURCES) $(wildcard Tests/Fuzz/Targets/* Tests/Fuzz/CFuzzer/*) Makefile
	@$(CHECK)
	FCN_FUZZ=1 swift build -c release --product fcn-fuzz --scratch-path build/fuzz/swift \
	  --sanitize=fuzzer -Xswiftc -enable-testing -Xswiftc -use-ld=lld
	ln -sf swift/release/fcn-fuzz $@

FUZZ_TARGET ?=
FUZZ_TIME ?= 60
fuzz: build/fuzz/fcn-fuzz ## FUZZ_TARGET=NAME FUZZ_TIME=SECONDS: let libFuzzer try ways into the library
	scripts/fuzz $< run $(FUZZ_TIME) $(FUZZ_TARGET)

fuzz-kernels: build/fuzz/fcn-fuzz ## FUZZ_TIME=SECONDS: random layers among guarded pages
	scripts/fuzz $< run $(FUZZ_TIME) kernels

fuzz-check: build/fuzz/fcn-fuzz ## try once what fuzzing has kept
	scripts/fuzz $< check $(FUZZ_TARGET)

abi: all ## hold the binary interface against the one that programs were built with
	scripts/check-abi

sbom: all ## list what the library consists of, as SPDX, in build/sbom
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) scripts/make-sbom build/sbom

sanitize: all ## run C programs under the sanitizers and valgrind
	scripts/sanitize

SOAK ?= 600
soak: all ## run many threads, segmentations and trainings for long: SOAK=SECONDS of each
	scripts/soak $(SOAK)

wheel: all ## make a Python wheel with everything inside, in build/wheel
	scripts/make-wheel build/swift/release build/wheel

install: all ## install under PREFIX (/usr/local), staged in DESTDIR if set
	install -d "$(TARGET)/bin" "$(TARGET)/include" "$(TARGET)/share/man/man1" \
	  "$(TARGET)/$(LIBDIR)/pkgconfig" "$(TARGET)/$(LIBDIR)/cmake/fcn" \
	  "$(TARGET)/share/fcn/python/fcnswift" "$(TARGET)/share/doc/fcn"
	install -m 755 build/bin/fcn "$(TARGET)/bin/"
	install -m 644 build/include/fcn.h "$(TARGET)/include/"
	install -m 644 build/lib/$(LIBRARY) "$(TARGET)/$(LIBDIR)/"
	ln -sf $(LIBRARY) "$(TARGET)/$(LIBDIR)/$(SONAME)"
	ln -sf $(SONAME) "$(TARGET)/$(LIBDIR)/libfcn.so"
	$(if $(wildcard build/lib/libfcn.a),install -m 644 build/lib/libfcn.a "$(TARGET)/$(LIBDIR)/")
	$(call pkgconfig,$(PREFIX),$(LIBDIR)) > "$(TARGET)/$(LIBDIR)/pkgconfig/fcn.pc"
	$(foreach file,$(CMAKE_FILES),$(call cmake_file,$(file),$(LIBDIR)) \
	  > "$(TARGET)/$(LIBDIR)/cmake/fcn/$(file)" &&) true
	install -m 644 build/share/man/man1/* "$(TARGET)/share/man/man1/"
	install -D -m 644 build/completions/bash "$(TARGET)/$(BASH_COMPLETION)"
	install -D -m 644 build/completions/zsh "$(TARGET)/$(ZSH_COMPLETION)"
	install -D -m 644 build/completions/fish "$(TARGET)/$(FISH_COMPLETION)"
	$(if $(MODEL),install -m 644 build/$(MODEL) "$(TARGET)/$(MODEL)")
	install -m 644 $(PYTHON_MODULE) "$(TARGET)/share/fcn/python/fcnswift/"
	install -m 644 LICENSE licenses/*.txt "$(TARGET)/share/doc/fcn/"
	@[ -n "$(DESTDIR)" ] || scripts/tell-loader "$(PREFIX)/$(LIBDIR)"

uninstall: ## remove what install put there
	cd "$(TARGET)" && rm -f bin/fcn include/fcn.h share/fcn/default.safetensors \
	  share/man/man1/fcn.1 share/man/man1/fcn-*.1 \
	  $(BASH_COMPLETION) $(ZSH_COMPLETION) $(FISH_COMPLETION)
	cd "$(TARGET)/$(LIBDIR)" && rm -f libfcn.a libfcn.so $(SONAME) $(LIBRARY) pkgconfig/fcn.pc
	cd "$(TARGET)" && rm -rf share/fcn/python/fcnswift share/doc/fcn $(LIBDIR)/cmake/fcn
	rmdir "$(TARGET)/share/fcn/python" "$(TARGET)/share/fcn" 2>/dev/null || true
	@[ -n "$(DESTDIR)" ] || scripts/tell-loader "$(PREFIX)/$(LIBDIR)"

static: ## build build/lib/libfcn.a too, for programs that want all in one file
static: build/lib/libfcn.a

build/lib/libfcn.a: build/lib/$(LIBRARY) scripts/make-static-library
	scripts/make-static-library $(@D)

# An older C library than this machine's to link with: Debian 11's, unless another folder is named.
SYSROOT ?= $(CURDIR)/build/sysroot

$(CURDIR)/build/sysroot: scripts/make-sysroot
	scripts/make-sysroot $@
	touch $@

dist: ## build archives in build/dist of what runs where there is no other library
dist: all $(filter $(CURDIR)/build/sysroot,$(SYSROOT))
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) \
	  scripts/make-dist build/dist $(VERSION) $(SONAME) $(LIBRARY) $(SYSROOT)

deb: ## build Debian's packages in build/deb: libfcn1, libfcn-dev, fcn-tools, fcn-data
deb: all
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) scripts/make-deb build/deb $(VERSION)

docs: ## make the documentation in build/docs, as pages to read without a server
docs: all
	scripts/make-docs build/docs

clean: ## remove build/ and .build/
	rm -rf build .build

help: ## list the goals
	@sed -n 's/^\([a-z-]*\):.*\(## \)/make \1\t/p' Makefile | expand -t 18
