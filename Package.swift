// swift-tools-version: 6.0
import PackageDescription

// Loops compiled for instruction sets beyond the platform's least. They need flags that would bar the
// package from being a versioned dependency, so only builds that ask for them, as the Makefile's do,
// have them; others run the portable loops.
let withInstructionSets = Context.environment["FCN_INSTRUCTION_SETS"] == "1"

// `make fuzz` builds the fuzzers in place of the command, whose sources are a module of theirs.
let withFuzzers = Context.environment["FCN_FUZZ"] == "1"

// Of several -sanitize options Swift's compiler takes the last alone, and of several SwiftPM gives each, in
// any order. So `make fuzz` asks for fuzzer alone, and the rest is here: modules that count what bytes
// reach, and have AddressSanitizer; inner loops, which have the latter alone.
let counted: [SwiftSetting] =
  withFuzzers ? [.unsafeFlags(["-sanitize=fuzzer,address"])] : []
let uncounted: [SwiftSetting] = withFuzzers ? [.unsafeFlags(["-sanitize=address"])] : []
let checkedC: [CSetting] = withFuzzers ? [.unsafeFlags(["-fsanitize=address"])] : []

func instructionSet(_ name: String, _ flags: [String]) -> Target {
  .target(
    name: "FCNLoops\(name)", dependencies: ["FCNLoopTypes", "CIntrinsics"],
    swiftSettings: uncounted
      + [.unsafeFlags(["-Ounchecked", "-wmo"] + flags.flatMap { ["-Xcc", $0] })])
}

// Of our own C, in the Makefile's builds for the same reason. What Swift compiles checks bounds itself.
let hardening: [CSetting] =
  withInstructionSets
  ? [
    .unsafeFlags(
      [
        "-fstack-protector-strong", "-fstack-clash-protection", "-fcf-protection=full",
        "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2",
      ], .when(configuration: .release))
  ] : []

let instructionSets: [Target] =
  withInstructionSets
  ? [
    instructionSet("AVX2", ["-march=x86-64-v3"]),
    instructionSet("AVX512", ["-march=x86-64-v4"]),
    instructionSet("AVX512VNNI", ["-march=x86-64-v4", "-mavx512vnni"]),
    instructionSet("AVX512BF16", ["-march=x86-64-v4", "-mavx512vnni", "-mavx512bf16"]),
    instructionSet(
      "AMX",
      [
        "-march=x86-64-v4", "-mavx512vnni", "-mavx512bf16", "-mamx-tile", "-mamx-int8",
        "-mamx-bf16",
      ]),
  ] : []

let command: [Target] =
  withFuzzers
  ? [
    .target(
      name: "FCNCommand", dependencies: ["FCNSwift", "CFCN"], path: "Sources/fcn-cli",
      exclude: ["main.swift"], swiftSettings: counted),
    .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
    // libFuzzer brings `main`.
    .executableTarget(
      name: "fcn-fuzz",
      dependencies: [
        "FCNSwift", "CFCNExport", "CFCN", "FCNCommand", "CFuzzer", "CZLibrary",
      ],
      path: "Tests/Fuzz/Targets",
      swiftSettings: counted + [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]),
  ] : [.executableTarget(name: "fcn-cli", dependencies: ["FCNSwift", "CFCN"])]

let package = Package(
  name: "FCNSwift",
  products: [
    // MARK: Public API
    .library(name: "FCNSwift", targets: ["FCNSwift"]),
    // libfcn.so, whose contract is include/fcn.h.
    .library(name: "fcn", type: .dynamic, targets: ["CFCNExport"]),
    // Installed as `fcn`; a product of that name would clash with the library's.
    .executable(
      name: withFuzzers ? "fcn-fuzz" : "fcn-cli", targets: [withFuzzers ? "fcn-fuzz" : "fcn-cli"]),
  ],
  targets: [
    .target(
      name: "FCNSwift",
      dependencies: [
        "COpenBLAS", "CImageCodecs", "CSystem", "CZLibrary", "FCNLoopTypes", "FCNLoops",
        "CIntrinsics", "CDeviceCalls",
      ] + instructionSets.map { .byName(name: $0.name) },
      resources: [.embedInCode("CUDA/Kernels")],
      swiftSettings: counted + (withInstructionSets ? [.define("FCN_INSTRUCTION_SETS")] : [])),
    .target(name: "CFCNExport", dependencies: ["FCNSwift", "CFCN"], swiftSettings: counted),

    // MARK: Inner loops
    .target(name: "FCNLoopTypes", swiftSettings: uncounted),
    .target(
      name: "FCNLoops", dependencies: ["FCNLoopTypes", "CIntrinsics"], swiftSettings: uncounted),
    .systemLibrary(name: "CIntrinsics"),

    // What kernels on a device are called with; the device's compiler includes the same header.
    .systemLibrary(name: "CDeviceCalls"),

    // include/fcn.h as a module: the exports use its very structs and constants.
    .systemLibrary(name: "CFCN"),

    // MARK: C libraries from the system
    .systemLibrary(
      name: "COpenBLASLibrary", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CPNGLibrary", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(
      name: "CJPEGLibrary", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(
      name: "CZLibrary", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // C where C is demanded: OpenBLAS's process-wide state, and codecs that report with longjmp.
    .target(name: "COpenBLAS", dependencies: ["COpenBLASLibrary"], cSettings: hardening + checkedC),
    .target(
      name: "CImageCodecs", dependencies: ["CPNGLibrary", "CJPEGLibrary"],
      cSettings: hardening + checkedC),
    .target(name: "CSystem", cSettings: hardening + checkedC),

    // MARK: Tests
    .target(name: "FCNTestSupport", dependencies: ["FCNSwift"], path: "Tests/FCNTestSupport"),
    .testTarget(
      name: "FCNSwiftTests",
      dependencies: ["FCNSwift", "FCNLoopTypes", "CDeviceCalls", "FCNTestSupport"],
      exclude: ["Goldens"]),
    // These two run the built library and command as a user does; `make test` builds them first.
    .testTarget(
      name: "CFCNExportTests",
      dependencies: ["CFCN", "CFCNExport", "FCNSwift", "FCNTestSupport"],
      exclude: ["ABI", "Headers", "Programs"]),
    .testTarget(name: "FCNCommandTests", dependencies: ["FCNTestSupport"]),
  ] + command + instructionSets,
  swiftLanguageModes: [.v6]
)
